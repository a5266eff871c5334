import type { TestServer } from '../support/server.js'
import type { Traces } from '../support/traces.js'
import type { Role } from './schedule.js'

type Part = 'booting child' | 'child' | 'parent' | 'serving' | 'leaving'

const PARTS: Readonly<Record<string, Part>> = {
  booting: 'serving',
  serving: 'serving',
  recovered: 'serving',
  reloading: 'serving',
  parent: 'parent',
  successor: 'booting child',
  trial: 'child',
  leaving: 'leaving',
  closed: 'leaving'
}

/** The processes that play this part now, by what their machines have written. */
export function findVictims(server: TestServer, traces: Traces, role: Role): number[] {
  const alive = server.alive()
  const launcher = alive.filter((pid) => isLauncher(server, pid))
  if (role === 'launcher') return launcher
  const servers = alive.filter((pid) => !launcher.includes(pid))
  return role === 'any server' ? servers : servers.filter((pid) => partOf(traces, pid) === role)
}

/** The servers that run. */
export function serversOf(server: TestServer): number[] {
  return server.alive().filter((pid) => !isLauncher(server, pid))
}

export function launcherOf(server: TestServer): number | undefined {
  return server.alive().find((pid) => isLauncher(server, pid))
}

function isLauncher(server: TestServer, pid: number): boolean {
  return server.isLaunched && pid === server.launcher
}

/** A process whose machine has not begun is a child that boots. */
function partOf(traces: Traces, pid: number): Part | undefined {
  const place = traces.placeOf(pid)
  return place === undefined ? 'booting child' : PARTS[place.name]
}

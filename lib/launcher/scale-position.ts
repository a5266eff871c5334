import type { ScalePosition } from '../control/reports.js'
import { currentOf, isAlive, isServing, type Launcher } from '../protocol/launcher.js'
import type { Servers } from './servers.js'

type Place = Pick<ScalePosition, 'step' | 'worker' | 'workers' | 'child'>

/** The progress of a requested change of the number of workers; undefined when it is over. */
export function scalePosition(launcher: Launcher, ask: number, servers: Servers): Place | undefined {
  const { scaling, scales, leaving } = launcher
  if (scaling?.ask === ask && scaling.target > scaling.before) return growing(launcher, scaling, servers)
  const left = leaving.find((one) => one.ask === ask)
  const last = launcher.servers.find((one) => isAlive(one) && left?.servers.includes(one.id))
  const waits = scaling?.ask === ask || scales.some((one) => one.ask === ask)
  if (left === undefined || last === undefined) return waits ? { step: 'waiting' } : undefined
  return { step: 'stopping', workers: left.target, ...childOf(last.id, servers) }
}

/** That of the first new worker that does not serve yet; undefined for the moment before its server has a pid. */
function growing(
  launcher: Launcher,
  { before, target }: NonNullable<Launcher['scaling']>,
  servers: Servers
): Place | undefined {
  const { workers, isGrowing } = launcher
  const index = workers.findIndex(({ id }, at) => at >= before && !isServing(currentOf(launcher, id)))
  const { current, next } = workers[index] ?? {}
  if (current === undefined && (isGrowing || next === 'starting')) return undefined
  const place = { worker: index + 1, workers: target }
  return current === undefined
    ? { step: 'waiting', ...place }
    : { step: 'booting', ...place, ...childOf(current, servers) }
}

function childOf(server: number, servers: Servers): Pick<ScalePosition, 'child'> {
  const child = servers.find(server)?.pid
  return child === undefined ? {} : { child }
}

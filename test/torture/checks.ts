import { existsSync } from 'node:fs'
import { HttpConnection, type Target } from '../support/connection.js'
import { inodesOfPort, listeningInodes } from '../support/fds.js'
import type { TestServer } from '../support/server.js'
import { untilTrue } from '../support/tree.js'
import { Ask } from './ask.js'
import { launcherOf } from './victims.js'

/** What must be true when nothing happens any more and these processes serve. Each function returns what is wrong. */

/** What the machine may take, however busy it is. Milliseconds. */
const LIMIT = 90_000

const SOCKET = 'app.sock'
const PID_FILE = 'pid'

/** The parts of the fixture's configuration that this is about. */
export const PATHS = { apps: [{ port: 0, host: '127.0.0.1' }, { path: SOCKET }], options: { pidFile: PID_FILE } }

/** New connections are answered by these processes, by each of them, and by one generation of each. */
export async function checkAnswers(server: TestServer, port: number, pids: readonly number[]): Promise<string[]> {
  const problems = new Set<string>()
  const missing = new Set(pids)
  const deadline = performance.now() + LIMIT
  for (let turn = 0; turn < 10 || (missing.size > 0 && performance.now() < deadline); turn++) {
    const { pid, problem } = await whoAnswers({ host: '127.0.0.1', port })
    if (problem !== undefined) problems.add(problem)
    else if (!pids.includes(pid)) problems.add(`process ${pid} answers, and should not`)
    missing.delete(pid)
  }
  const { pid, problem } = await whoAnswers({ path: server.release.path(SOCKET) })
  if (problem !== undefined || !pids.includes(pid)) problems.add(`the unix socket: ${problem ?? `${pid} answers`}`)
  return [...problems, ...[...missing].map((pid) => `process ${pid} should serve, and answers no new connection`)]
}

async function whoAnswers(target: Target): Promise<{ pid: number; problem?: string }> {
  try {
    const connection = await HttpConnection.open(target)
    const { body } = await connection.request({ path: '/' })
    connection.close()
    return JSON.parse(body) as { pid: number }
  } catch (error) {
    return { pid: 0, problem: `a new connection was not answered: ${(error as Error).message}` }
  }
}

/** The listening socket is one, and exactly these processes and their launcher have it. */
export function checkInodes(server: TestServer, port: number, pids: readonly number[]): string[] {
  const inodes = inodesOfPort(port)
  if (inodes.length !== 1) return [`port ${port} has ${inodes.length} listening sockets`]
  const holders = server.alive().filter((pid) => listeningInodes(pid).includes(inodes[0] as number))
  const expected = [...pids, launcherOf(server)].filter((pid) => pid !== undefined)
  const isSame = [...holders].sort().join() === [...expected].sort().join()
  return isSame ? [] : [`the listening socket is held by ${holders}, and should be by ${expected}`]
}

/** The pid file names the process that signals are for. */
export async function checkPidFile(server: TestServer, pids: readonly number[]): Promise<string[]> {
  const expected = launcherOf(server) ?? pids[0]
  const text = await server.release.read(PID_FILE).catch((error: Error) => error.message)
  return Number(text) === expected ? [] : [`the pid file says "${text.trim()}" in place of ${expected}`]
}

/** Reloads once more. Returns what was wrong. */
export async function reloadOnce(port: number): Promise<string | undefined> {
  const ask = new Ask(port)
  await ask.over
  return ask.status === 200 ? undefined : `the last reload failed: ${ask.status} ${ask.text}`
}

/** A stop ends everything, with the right code, and leaves nothing. */
export async function checkStop(server: TestServer, port: number, pids: readonly number[]): Promise<string[]> {
  const pid = launcherOf(server) ?? (pids[0] as number)
  process.kill(pid, 'SIGTERM')
  await untilTrue(server, 'end of all after a stop', () => server.alive().length === 0, LIMIT)
  const code = await server.exitOf(pid)
  const problems = code === 0 ? [] : [`the exit code is ${code}`]
  for (const path of [SOCKET, PID_FILE])
    if (existsSync(server.release.path(path))) problems.push(`the file ${path} is left`)
  if (inodesOfPort(port).length > 0) problems.push('the listening socket is left')
  return problems
}

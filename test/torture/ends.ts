import type { TestServer } from '../support/server.js'
import type { Traces } from '../support/traces.js'
import type { Evidence } from './causes.js'

/** The processes that have ended and should not have. */
export function unexplainedEnds(server: TestServer, traces: Traces, evidence: Evidence): string[] {
  const alive = server.alive()
  const known = new Set([...traces.pids, ...server.pids])
  const ended = [...known].filter((pid) => !alive.includes(pid) && !(server.isLaunched && pid === server.launcher))
  return ended.flatMap((pid) => {
    const problem = problemOf(pid, evidence)
    return problem === undefined ? [] : [`process ${pid} ${problem}`]
  })
}

function problemOf(pid: number, { injector, history }: Evidence): string | undefined {
  if (injector.of('kill').some((kill) => kill.pid === pid)) return undefined
  const cause = history.leaves.findLast((leave) => leave.pid === pid)?.cause
  const isStopped = injector.of('stop', 'throw').length > 0
  if (cause === undefined) {
    const mayFail = isStopped || history.hangKills.length > 0 || injector.of('bad release').length > 0
    // One that boots ends when its launcher is killed.
    return mayFail || launcherIsKilled(injector) ? undefined : 'ended without having left'
  }
  if (cause === 'rolled back') return undefined
  if (cause === 'reloaded') {
    const child = history.successions.findLast(({ parent }) => parent === pid)?.child
    return child !== undefined && history.confirmed.has(child) ? undefined : `left to ${child}, which has not confirmed`
  }
  const mayLeave = isStopped || launcherIsKilled(injector)
  return mayLeave && cause !== 'app closes' ? undefined : `left: ${cause}`
}

function launcherIsKilled(injector: Evidence['injector']): boolean {
  return injector.log.some((line) => /kill launcher -> \d/.test(line))
}

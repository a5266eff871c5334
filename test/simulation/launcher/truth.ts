import type { Caller, System } from './system.js'

/** Every reload that is asked for is answered once, with the truth. */

/** What is not true about an answer, at the moment in which it is given. */
export function untrueAnswer(system: System, caller: Caller, outcome: 'success' | 'failure'): string | undefined {
  if (caller.outcome !== undefined) return `it has been told "${caller.outcome}"`
  if (outcome === 'failure') return undefined
  const old = system.launcher.workers.find(({ current, isOver }) => {
    if (isOver) return false
    const member = system.processes.find(({ number }) => number === current)
    return current !== undefined && (member === undefined || member.id <= caller.born)
  })
  return old === undefined ? undefined : `worker ${old.id} has no server that was started since`
}

/** How long one worker may owe what it owes in a reload: to serve, to answer, to end, to hand over, to pass, to leave. */
const SHARE = 30_000 + 10_000 + 5000 + 80_000 + 53_000 + 80_000 + 10_000

/** A hung server delays a reload by no more than its limits; a reload may have to wait for another one. */
export function lateAnswer(system: System, at: number): string | undefined {
  const limit = 2 * system.launcher.workers.length * SHARE
  return system.now - at <= limit ? undefined : `takes ${system.now - at} ms`
}

/** Told to stop, killed: what each server may take, all at once. One that is being started is told when it is there. */
const STOP = 44_000 + 5000 + 1000

export function lateStop({ now, stoppedAt, endedAt }: System): string | undefined {
  if (stoppedAt === undefined) return undefined
  const taken = (endedAt ?? now) - stoppedAt
  return taken <= STOP ? undefined : `the stop takes ${taken} ms`
}

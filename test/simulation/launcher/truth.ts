import { stopLimit } from '../../../lib/launcher/limits.js'
import { type Failure, type Input, isLast, type Launcher, type Outcome } from '../../../lib/protocol/launcher.js'
import { countFrom } from '../../../lib/protocol/worker-count.js'
import { longestDrain } from '../server/durations.js'
import { type Rules, serviceOf } from './rules.js'
import type { Caller, Ending, Member, System } from './system.js'

/** Every request for a reload gets one answer, and the answer is true. */

/** What is not true about an answer, at the moment in which it is given. */
export function untrueAnswer(system: System, caller: Caller, outcome: 'success' | 'failure'): string | undefined {
  if (caller.outcome !== undefined) return `it has been told "${caller.outcome}"`
  if (outcome === 'failure' || caller.wanted !== undefined) return undefined
  const old = system.launcher.workers.find(({ current, isOver }) => {
    if (isOver) return false
    const member = system.processes.find(({ number }) => number === current)
    return current !== undefined && (member === undefined || member.id <= caller.born)
  })
  return old === undefined ? undefined : `worker ${old.id} has no server that was started since`
}

/** What is not true about the reason for which the number of workers stays as it was. */
export function untrueUnscaled(system: System, failure: Failure): string | undefined {
  const { processes } = system
  if (failure.kind === 'exited')
    return processes.some(({ life, doomed, parent }) => parent === 0 && (life === 'over' || doomed))
      ? undefined
      : 'the server of a new worker has ended'
  return untrueFailure(system, failure)
}

/** Whether workers leave although the launcher knows of none of the others that it answers: clients would wait. */
export function leavesNobody(before: Launcher, after: Launcher, input: Input): boolean {
  const isGrowing = before.scaling !== undefined && before.scaling.target > before.scaling.before
  if (isGrowing || after.phase !== 'running' || after.workers.length >= before.workers.length) return false
  const heard = input.type === 'said' && input.word.type === 'pong' ? input.server : undefined
  const hung = before.servers.filter(({ id, isSilent }) => isSilent && id !== heard).map(({ id }) => id)
  return !after.workers.some(({ current }) => after.servers.some(({ id }) => id === current && !hung.includes(id)))
}

/** What is not true about the number of workers that a caller gets. */
export function untrueCount(
  { launcher: { workers, servers, scaling } }: System,
  { wanted }: Caller,
  told: Outcome
): string | undefined {
  if (!('workers' in told)) return wanted === undefined || 'unscaled' in told ? undefined : 'there was no reload'
  if (wanted === undefined) return 'a reload was asked for'
  if (told.workers !== countFrom(told.before, wanted)) return 'another number was asked for'
  const added = workers.slice(told.before, told.workers)
  // The next change may have begun at the same moment, and other servers have taken these places.
  const isThere = ({ current }: { current: number | undefined }) =>
    (current === undefined && scaling !== undefined) ||
    servers.some(({ id, stage, leaves }) => id === current && stage === 'serving' && leaves === 'no')
  return added.every(isThere) ? undefined : 'a new worker does not serve'
}

/** What is not true about the reason of a failure. */
export function untrueFailure(system: System, failure: Failure): string | undefined {
  const { launcher, processes } = system
  const isOver = (isNew: boolean): boolean =>
    processes.some(
      ({ life, doomed, release, parent }) => (life === 'over' || doomed) && (!isNew || (release > 0 && parent === 0))
    )
  switch (failure.kind) {
    case 'stopping':
      return launcher.phase !== 'running' || launcher.workers.some((one) => isLast(launcher, one))
        ? undefined
        : 'the service ends'
    case 'ended':
      return isOver(false) ? undefined : 'a server has ended'
    case 'exited':
      return isOver(true) ? undefined : 'a server that was started for it has ended'
    case 'late':
      return (failure.server ?? Infinity) < launcher.started ? undefined : 'nobody was late'
    case 'no boot':
    case 'left':
      return launcher.started > failure.server ? undefined : 'a server has not served in time'
    case 'out of range':
      return failure.target < 1 ? undefined : 'there would be no worker'
    case 'none serves':
    case 'none stays':
    case 'busy':
    case 'said':
    case 'not started':
      return undefined
    case 'not listening':
      return isWaitedFor(system, failure) ? undefined : 'a server that serves was waited for'
    case 'no plugin':
      if (!isWaitedFor(system, failure)) return 'a server that serves was waited for'
      return launcher.workers.some(({ current }) => isUnheard(processes, current))
        ? undefined
        : 'no process has yet to say that it loads the plugin'
    default:
      return failure satisfies never
  }
}

/** How long a reload waits for a server that boots, and for any other one. Milliseconds. */
const PATIENCE = 30_000

/** By a clock that keeps time. A server that boots has had some of the time before. */
function isWaitedFor({ launcher, processes, callers, now, rules }: System, { worker }: Failure): boolean {
  const known = launcher.servers.find(({ id }) =>
    launcher.workers.some((one) => one.id === worker && one.current === id)
  )
  const boots = known?.stage === 'booting' && known.leaves === 'no'
  const since = processes.find(({ number }) => number === known?.id)?.startedAt ?? now
  const asked = Math.min(now, ...callers.flatMap(({ at, outcome }) => (outcome === undefined ? [at] : [])))
  return rules.timers === 'any' || now - asked >= PATIENCE || (boots && now - since >= PATIENCE)
}

/** Every server loads the plugin, and says so first. */
function isUnheard(processes: System['processes'], number: number | undefined): boolean {
  const member = processes.find((one) => one.number === number)
  return member?.up.some((letter) => letter.type === 'word' && letter.word.type === 'hello') === true
}

/** What is not true about the way in which a launcher ends: like one of its servers, or with 1. */
export function untrueEnding({ processes, launcher }: System, { exitCode, signal }: Ending): string | undefined {
  const isAll = processes.length === launcher.started
  if (exitCode !== 0 && isAll && processes.every(({ exit, isHurt }) => exit === 0 && !isHurt))
    return 'all servers have ended well'
  if (exitCode === 0 && !processes.some(({ exit }) => exit === 0)) return 'no server has ended well'
  const last = launcher.workers.flatMap(({ current, wasDown }) =>
    wasDown ? [] : processes.filter(({ number }) => number === current)
  )
  // One that had just been started dies by the signal that stops it.
  const isWell = ({ exit }: Member): boolean => exit === 0 || exit === launcher.signal
  if (exitCode === 0 && !last.every(isWell)) return 'a server has failed'
  const wasKilled = launcher.servers.some(({ isKilled }) => isKilled)
  if (exitCode !== 0 && !wasKilled && last.some(({ exit }) => exit === 0) && last.every(isWell))
    return 'those that were there at the end have ended well'
  const isOfSome = processes.some(({ exit }) => exit === (signal ?? exitCode))
  return isOfSome || exitCode === 1 ? undefined : 'no server has ended like that'
}

/**
 * How long one worker may owe what it owes in a reload: to serve, to answer, to end, to hand over, to pass, to leave.
 */
const SHARE = 44_000 + 10_000 + 5000 + 80_000 + 53_000 + 80_000 + 10_000

/** How much longer it may owe that, as an app has a longer limit than most: in the first and each of the last three. */
const moreShare = (rules: Rules): number => 4 * Math.max(0, longestDrain(rules) - 25_000)

/** A server to inherit from, a boot, and the end of those that leave. */
const SCALE = 30_000 + 30_000 + 50_000

/** A hung server delays a reload at most by its limits. A reload may have to wait for another one. */
export function lateAnswer({ now, launcher, rules }: System, at: number): string | undefined {
  // Workers that are no longer there may have had their turn; one more may have been waited for.
  const workers = Math.max(launcher.workers.length, rules.workers)
  const limit = 2 * workers * (SHARE + moreShare(rules)) + SCALE
  return now - at <= limit ? undefined : `takes ${now - at} ms`
}

/** Told to stop, killed: what each server may take, all at once. One that is being started is told when it is there. */
const stopTime = (rules: Rules): number => stopLimit(serviceOf(rules)) + 5000 + 1000

export function lateStop({ now, stoppedAt, endedAt, rules }: System): string | undefined {
  if (stoppedAt === undefined) return undefined
  const taken = (endedAt ?? now) - stoppedAt
  return taken <= stopTime(rules) ? undefined : `the stop takes ${taken} ms`
}

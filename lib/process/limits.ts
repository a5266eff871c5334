import { canRollBack, type Place, type Timer } from '../protocol/server.js'
import { confirmTime, type ResolvedHealthOptions } from './health-options.js'
import type { Parts } from './parts.js'
import { LAUNCHER_PAUSE } from './pulse.js'

type Leaving = Extract<Place, { name: 'leaving' }>

/** How long a child may take to give up; under a launcher, until it is also known whether that stands still. */
const UNDO_LIMIT = 1000

/** How long the system may take to end a process that was killed. Milliseconds. */
const KILL_LIMIT = 5000

/** How long a child that has been checked may take to end beyond its `onClose` hooks. Milliseconds. */
const END_SLACK = 2000

/** How long reporting a failed reload may take beyond its hooks. Milliseconds. */
const TELL_SLACK = 10_000

/**
 * How long a child waits for apps that have not yet taken the listeners that it inherited, or do not listen, counted
 * from the last sign of progress. Milliseconds. The parent serves in the meantime.
 */
const CLAIM_PAUSE = 1000

/** How long a child that is ready, or has confirmed, waits for its parent's answer. Milliseconds. */
const PARENT_LIMIT = 10_000

/** How long a child that cannot go on serving waits until its parent does. Milliseconds. */
const GIVE_BACK_LIMIT = 2000

/** How long a wait of the machine may take: milliseconds, or until something has happened. */
export function limitOf(
  timer: Timer,
  { host, service, shutdown, asChild, asParent }: Parts
): number | Promise<unknown> {
  const { readyTimeout, probation, lameDuck, health } = service.options
  const { at } = host
  const limits: Record<Timer, () => number | Promise<unknown>> = {
    // The hooks count as well, and the child may have said only now how long it takes.
    ready: () => (isBooting(at) ? asParent.readyTimeLeft : readyTimeout),
    // Without a probation there is still the time in which all connections move at once.
    probation: () => (probation > 0 ? probation : (service.migration?.swept ?? 0)),
    confirm: () =>
      confirmTime(health) + (at.name === 'parent' ? (asParent.successors.get(at.child)?.checkTimeout ?? 0) : 0),
    undo: () => UNDO_LIMIT + (service.launcher === undefined ? 0 : LAUNCHER_PAUSE),
    kill: () => KILL_LIMIT,
    // Its options may differ; these are the best estimate.
    end: () => service.longest('closeTimeout') + END_SLACK,
    tell: () => service.longest('drainTimeout') + TELL_SLACK,
    claims: () => CLAIM_PAUSE,
    boot: () => readyTimeout,
    word: () => readyTimeout + PARENT_LIMIT,
    load: () => readyTimeout,
    check: () => asChild?.checkTimeout ?? 0,
    settle: () => untilAsked(at, asChild, health) + PARENT_LIMIT,
    'give back': () => GIVE_BACK_LIMIT,
    'lame duck': () => lameDuck,
    stop: () => (at.name === 'leaving' ? shutdown.limit(at.cause, stopTimeOfChild(at, asParent)) : 0)
  }
  return limits[timer]()
}

/** How long the child may take that must end first; undefined: there is none; 0: it has not said. */
function stopTimeOfChild({ awaitsChild, child }: Leaving, asParent: Parts['asParent']): number | undefined {
  if (!awaitsChild) return undefined
  return (child === undefined ? undefined : asParent.successors.get(child)?.stopTime) ?? 0
}

/** How long it may take at most until a child on probation has been asked whether it serves, and has answered. */
function untilAsked(at: Parts['host']['at'], asChild: Parts['asChild'], health: ResolvedHealthOptions | false): number {
  if (at.name !== 'trial' || !canRollBack(at) || asChild === undefined) return 0
  const { elapsed, duration } = asChild.report.probation
  return (at.stage === 'running' ? duration - elapsed : 0) + confirmTime(health) + asChild.checkTimeout
}

/** Whether a child may have said something. */
function isBooting(at: Parts['host']['at']): boolean {
  return (at.name === 'reloading' && at.stage !== 'asking hooks') || (at.name === 'checking' && at.stage === 'booting')
}

import type { Effect, Timer, Turn } from '../protocol/launcher.js'
import { bootTime } from '../reload/longest-boot.js'
import type { Service } from './server.js'

type Wait = Extract<Effect, { do: 'wait' }>

/** How long a server may take beyond its own limits, at which it ends late work by itself. Milliseconds. */
const MARGIN = 10_000

/** For a server that has not reported how long it may take. Milliseconds. */
const UNTOLD = 30_000

const MOST_DOUBLINGS = 5

/**
 * How long a reload waits at least for a server that does not serve, counted from the start of a server that boots.
 * Milliseconds.
 */
const SERVE_LIMIT = 30_000

/** How long a server may owe an answer before it gets no work. Milliseconds. */
export const SILENCE = 5000

/** How long it may owe one before a reload takes it for hung: its loop may be busy. Milliseconds. */
const HANG = 10_000

const LIMITS: Record<Exclude<Timer, 'boot' | 'turn' | 'stop' | 'signal' | 'restart'>, number> = {
  steady: 10_000,
  force: 1000,
  kill: 5000,
  silence: 30_000,
  grow: 100,
  // The notices have a limit of their own, and so has what Node says about a file that it cannot read.
  tell: 15_000,
  scale: SERVE_LIMIT
}

/**
 * How long a wait may take. Milliseconds.
 *
 * @param service - the facts about the awaited server, or about the last one that reported any
 * @param age - for how long the awaited server has lived
 * @param reported - how long the booting server says that it may take; 0: it has not said
 */
export function limitOf(
  { timer, step, awaits, crashes = 0 }: Wait,
  service: Service | undefined,
  age: number,
  reported = 0
): number {
  if (timer === 'stop' || timer === 'signal') return stopLimit(service)
  if (timer === 'boot') return Math.max(0, bootLimit(service, crashes, reported) - (reported === 0 ? 0 : age))
  if (timer === 'turn' && step === 'waiting') return serveLimit(awaits, service, age, reported)
  if (timer === 'turn' && step !== undefined) return turnLimit(step, service, reported)
  return LIMITS[timer as keyof typeof LIMITS]
}

/**
 * How long a server may take to serve. On a slow machine, one that is killed too early is followed by one with more
 * time. Milliseconds.
 */
export function bootLimit(service: Service | undefined, crashes: number, reported: number): number {
  return bootTime(readyTimeoutOf(service) * 2 ** Math.min(Math.max(0, crashes - 1), MOST_DOUBLINGS), reported)
}

/** How long a server may take to stop. Milliseconds. */
export function stopLimit(service: Service | undefined): number {
  return (service?.times.stop ?? UNTOLD) + MARGIN
}

/** One that boots has had some of its time. One that leaves may have served for long: its age says nothing. */
function serveLimit(awaits: Wait['awaits'], service: Service | undefined, age: number, reported: number): number {
  if (awaits === 'boot') return Math.max(0, bootTime(SERVE_LIMIT, reported) - age)
  return awaits === 'end' ? Math.max(SERVE_LIMIT, stopLimit(service)) : SERVE_LIMIT
}

/** A server ends by itself what is late, and tells its hooks how the reload ended, before it tells the launcher. */
function turnLimit(step: Turn['stage'], service: Service | undefined, reported: number): number {
  if (step === 'asking') return HANG
  const own = step === 'handed over' ? probationOf(service) : bootTime(readyTimeoutOf(service), reported)
  return own + (service?.times.stop ?? UNTOLD) + 2 * MARGIN
}

function readyTimeoutOf(service: Service | undefined): number {
  return service?.readyTimeout ?? UNTOLD
}

function probationOf(service: Service | undefined): number {
  return service === undefined ? UNTOLD : service.times.reload - service.readyTimeout
}

import type { Effect, Share, Timer } from '../protocol/launcher.js'
import type { Service } from './server.js'

type Wait = Extract<Effect, { do: 'wait' }>

/** What a server may need beyond the limits that it has told, in which it ends what is late by itself. Milliseconds. */
const MARGIN = 10_000

/** For a server that has not told how long it may take. Milliseconds. */
const UNTOLD = 30_000

/** How long a reload waits for a server that does not serve, counted from the start of that server. Milliseconds. */
const SERVE_LIMIT = 30_000

/** How long a server may block its event loop before it is taken for hung. Milliseconds. */
export const SILENCE = 5000

const LIMITS: Record<Exclude<Timer, 'boot' | 'share' | 'stop' | 'restart'>, number> = {
  steady: 10_000,
  force: 1000,
  kill: 5000,
  silence: 30_000,
  grow: 100,
  // The notices have a limit of their own.
  tell: 10_000
}

/**
 * How long a wait may take. Milliseconds.
 *
 * @param service - what the server has told that is waited for, or the last one that told anything
 * @param age - for how long the server has lived that a reload waits for
 */
export function limitOf({ timer, step }: Wait, service: Service | undefined, age: number): number {
  if (timer === 'stop') return stopLimit(service)
  if (timer === 'boot') return readyTimeoutOf(service)
  if (timer === 'share' && step !== undefined) return shareLimit(step, service, age)
  return LIMITS[timer as keyof typeof LIMITS]
}

/** How long a server may take to stop. Milliseconds. */
export function stopLimit(service: Service | undefined): number {
  return (service?.times.stop ?? UNTOLD) + MARGIN
}

function shareLimit(step: Share['stage'], service: Service | undefined, age: number): number {
  if (step === 'waiting') return Math.max(0, SERVE_LIMIT - age)
  if (step === 'asking') return SILENCE
  if (step === 'handed over') return probationOf(service) + MARGIN
  return readyTimeoutOf(service) + MARGIN
}

function readyTimeoutOf(service: Service | undefined): number {
  return service?.readyTimeout ?? UNTOLD
}

function probationOf(service: Service | undefined): number {
  return service === undefined ? UNTOLD : service.times.reload - service.readyTimeout
}

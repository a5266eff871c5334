import { setTimeout as delay } from 'node:timers/promises'
import type { Variant } from './apps/programs.js'
import { now } from './clock.js'
import type { Window } from './observation.js'
import { coldBoot } from './server.js'

/** What happened while clients were watched. */
export interface Watched {
  window: Window
  /** What the action returned. */
  took: number
  /** How long the action lasted: after a reload, until nothing of the old code runs. Milliseconds. */
  lasted: number
}

/** For how long what happens is watched, at least. Milliseconds. */
const WATCH = 4000
/** How long the clients are watched after the action, so that its last process has ended long before. Milliseconds. */
const AFTER = 500
/** How long a window is, unless the action takes longer. Milliseconds. */
export const WINDOW = WATCH + AFTER
/** For how long the clients ask before a measurement, so that what came before it has died away. Milliseconds. */
export const QUIET = 1000

/** Opens a window, acts, and closes the window after a fixed time, or when the action is over. */
export async function watch(action: () => Promise<number>): Promise<Watched> {
  const from = now()
  const act = async () => ({ took: await action(), lasted: now() - from })
  const [acted] = await Promise.all([act(), delay(WATCH)])
  await delay(AFTER)
  return { window: { from, to: now() }, ...acted }
}

/** The same without a reload: the service is left alone while another instance of its app boots and stops. */
export function watchLeftAlone(variant: Variant): Promise<Watched> {
  return watch(() => coldBoot(variant))
}

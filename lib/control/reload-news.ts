import type { ReloadEvent, ReloadPosition } from './messages.js'

/** How often figures that change all the time are told. Milliseconds. */
const FIGURES_INTERVAL = 1000

/** How often something is told even if nothing has changed: who waits can tell that from a process that hangs. Milliseconds. */
export const HEARTBEAT_INTERVAL = 5000

/** What a client has been told last of the reload that it waits for, and when. */
export interface Told {
  readonly position: ReloadPosition | undefined
  readonly at: number
}

/** What there is to tell a client, if there is something. `now`: as of {@link Told}, in milliseconds. */
export function newsOf(told: Told, found: ReloadPosition | undefined, now: number): ReloadEvent | undefined {
  const since = now - told.at
  if (found !== undefined) {
    const isNew = placeOf(found) !== placeOf(told.position)
    const isMoving = found.step === 'probation' && since >= FIGURES_INTERVAL
    if (isNew || isMoving) return { event: 'progress', ...found }
  }
  return since >= HEARTBEAT_INTERVAL ? { event: 'heartbeat' } : undefined
}

function placeOf(position: ReloadPosition | undefined): string {
  return JSON.stringify([position?.step, position?.worker, position?.child])
}

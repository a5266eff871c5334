import type { CheckPosition, ReloadPosition, ScalePosition } from './reports.js'

/** How often there is a line with figures that change all the time. Milliseconds. */
const FIGURES_INTERVAL = 1000

/**
 * How often there is a line even if nothing has changed, so that a client can tell a long wait from a hang.
 * Milliseconds.
 */
export const HEARTBEAT_INTERVAL = 5000

/** How far something is that a client waits for. */
export type Position = ReloadPosition | CheckPosition | ScalePosition

/** What a client gets before anything else is known. */
export type First = Pick<Position, 'step' | 'reason'>

/** What a line reports, unless it is the last one. */
export type News = ({ event: 'progress' } & Position) | { event: 'heartbeat' }

/** What this process last reported to a client, and when. */
export interface Reported {
  readonly position: Position | undefined
  readonly at: number
}

/** What there is to report to a client, if there is something. `now`: as of {@link Reported}, in milliseconds. */
export function newsOf(reported: Reported, found: Position | undefined, now: number): News | undefined {
  const since = now - reported.at
  if (found !== undefined) {
    const isNew = placeOf(found) !== placeOf(reported.position)
    const isMoving = found.step === 'probation' && since >= FIGURES_INTERVAL
    if (isNew || isMoving) return { event: 'progress', ...found }
  }
  return since >= HEARTBEAT_INTERVAL ? { event: 'heartbeat' } : undefined
}

/** What makes a position another one: not its figures. */
export function placeOf(position: Position | undefined): string {
  const { step, worker, child }: { step?: string; worker?: number; child?: number } = position ?? {}
  return JSON.stringify([step, worker, child])
}

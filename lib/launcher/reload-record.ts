import { toControlFailure } from '../control/failure.js'
import type { ReloadRecord } from '../control/reports.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'

/** When a reload of all workers took place. */
export interface RollTimes {
  /** The generation that it should lead to. */
  readonly generation: number
  readonly began: string
  /** How long it took. Milliseconds. */
  readonly total: number
}

/**
 * What is remembered of a reload of all workers. The times of its parts are those of the first one, or of the one that
 * failed.
 *
 * @param reached - how long the parts took of one that failed, if that is known
 */
export function recordOf(
  outcome: ReloadResult | Error,
  reason: string,
  { generation: next, began, total }: RollTimes,
  reached?: ReachedTimings
): ReloadRecord {
  if (!(outcome instanceof Error)) {
    const { generation, timings, unchanged } = outcome
    const loaded = unchanged !== undefined && { unchanged }
    return { began, reason, outcome: 'succeeded', generation, ...loaded, timings: { ...timings, total } }
  }
  const { code, message, worker } = toControlFailure(outcome)
  const error = { code, message, ...(worker !== undefined && { worker }) }
  const how = code === 'GRACEFUL_ERR_ROLLED_BACK' ? 'rolled back' : 'failed'
  return { began, reason, outcome: how, generation: next, error, timings: { ...reached, total } }
}

import { toControlFailure } from '../control/failure.js'
import { beganBefore } from '../control/history.js'
import type { ReloadRecord } from '../control/reports.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'

/**
 * What is remembered of a reload of all workers. The times of its parts are those of the first one, or of the one that
 * failed.
 *
 * @param next - the generation that it should have led to
 * @param total - how long it took. Milliseconds
 * @param reached - how long the parts took of one that failed, if that is known
 */
export function recordOf(
  outcome: ReloadResult | Error,
  reason: string,
  next: number,
  total: number,
  reached?: ReachedTimings
): ReloadRecord {
  const began = beganBefore(total)
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

import { toControlFailure } from '../control/failure.js'
import { beganBefore } from '../control/history.js'
import type { ReloadRecord } from '../control/reports.js'
import type { ReloadResult } from '../reload/reload-result.js'

/**
 * What is remembered of a reload of all workers. Of its parts the times are those of the first one.
 *
 * @param next - the generation that it should have led to
 * @param total - how long it took. Milliseconds
 */
export function recordOf(outcome: ReloadResult | Error, reason: string, next: number, total: number): ReloadRecord {
  const began = beganBefore(total)
  if (!(outcome instanceof Error)) {
    const { generation, timings, unchanged } = outcome
    const loaded = unchanged !== undefined && { unchanged }
    return { began, reason, outcome: 'succeeded', generation, ...loaded, timings: { ...timings, total } }
  }
  const { code, message } = toControlFailure(outcome)
  const how = code === 'GRACEFUL_ERR_ROLLED_BACK' ? 'rolled back' : 'failed'
  return { began, reason, outcome: how, generation: next, error: { code, message }, timings: { total } }
}

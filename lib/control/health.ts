import { isInRotation, type Phase } from '../protocol/phases.js'
import { CONTROL_VERSION, type ControlHealth } from './messages.js'
import type { StatusReport } from './reports.js'

/** Whether a service is there for its clients: one worker that serves is enough, as the sockets are shared. */
export function healthOf({ workers }: Pick<StatusReport, 'workers'>): ControlHealth {
  const judged = workers.map(({ generation, pid, phase }) => {
    return {
      generation,
      pid,
      phase,
      healthy: phase !== 'no answer' && phase !== 'ended' && isInRotation(phase as Phase)
    }
  })
  return { version: CONTROL_VERSION, healthy: judged.some(({ healthy }) => healthy), workers: judged }
}

import type { History } from '../control/history.js'
import type { ServiceReport } from '../control/http.js'
import type { ProcessStatus } from '../control/messages.js'
import type { Load } from '../metrics/load.js'
import type { Server } from './server.js'
import type { Workers } from './workers.js'

/** What is known of a server. */
export interface ServerAnswer {
  readonly status: ProcessStatus
  /** Undefined of one that does not answer. */
  readonly load?: Load | undefined
}

/** What a launcher says of itself and of the server of each worker; none of a worker whose server is yet to be started. */
export async function statusOf({ current }: Workers, history: History): Promise<ServiceReport> {
  const launcher = { pid: process.pid, uptime: Math.round(process.uptime() * 1000) }
  const answers = await Promise.all(current.map(answerOf))
  return { launcher, workers: answers.map(({ status }) => status), history: history.report }
}

/** Asks a server, and waits for a moment. */
export async function answerOf(server: Server): Promise<ServerAnswer> {
  return (await server.report()) ?? { status: silent(server) }
}

/** Of one that hangs, boots or has crashed, only what is known from outside. */
function silent({ generation, pid, begun, isAlive }: Server): ProcessStatus {
  const uptime = Math.round(performance.now() - begun)
  const phase = isAlive ? 'no answer' : 'ended'
  return { generation, pid, phase, uptime, listeners: [], connections: 0 }
}

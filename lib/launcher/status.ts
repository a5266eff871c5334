import type { History } from '../control/history.js'
import type { ServiceReport } from '../control/http.js'
import { memoryStatus } from '../control/memory.js'
import type { ProcessStatus } from '../control/reports.js'
import type { Load } from '../metrics/load.js'
import { isLeaving, type Phase } from '../protocol/phases.js'
import { whenHeard } from '../util/deadline.js'
import { REPORT_LIMIT } from './asked-reports.js'
import type { Roster } from './roster.js'
import type { Server } from './server.js'

/** What is known about a server. */
export interface ServerAnswer {
  readonly status: ProcessStatus
  /** Undefined of one that does not answer. */
  readonly load?: Load | undefined
}

/** How many draining servers a status lists. */
const MOST_DRAINING = 16

/** The status of a launcher and of its servers. */
export async function statusOf(roster: Roster, history: History): Promise<ServiceReport> {
  const launcher = { pid: process.pid, uptime: Math.round(process.uptime() * 1000), memory: memoryStatus() }
  const [tell, draining] = await Promise.all([askWorkers(roster), askDraining(roster)])
  // All of one moment: while servers are asked, others may crash.
  const current = tell()
  return { launcher, workers: current, draining: draining(), queued: roster.queued, history: history.report }
}

/**
 * The process of each worker that serves its clients, which is the child within a probation; none of a worker whose
 * server is yet to be started.
 */
export async function statusOfWorkers(roster: Roster): Promise<ProcessStatus[]> {
  return (await askWorkers(roster))()
}

/** Asks the servers. Returns a function that adds what the launcher knows when it is called. */
async function askWorkers(roster: Roster): Promise<() => ProcessStatus[]> {
  const answers = new Map(
    await Promise.all(
      roster.places.map(async ({ id, server }) => [id, { server, ...(await answerOf(server)) }] as const)
    )
  )
  return () =>
    roster.places.map(({ id, server, restarts }) => {
      const asked = answers.get(id)
      // In place of one that has ended since, another one may be there.
      const status = asked?.server.isAlive ? asked.status : silent(server)
      return restarts.count === 0 ? status : { ...status, restarts }
    })
}

/**
 * Asks earlier generations, of which one that hangs has said before that it leaves. Returns a function that leaves out
 * those that have ended when it is called.
 */
async function askDraining({ former }: Roster): Promise<() => ProcessStatus[]> {
  const told = await Promise.all(
    former.slice(0, MOST_DRAINING).map(async ({ server, leaves }) => ({ server, leaves, ...(await answerOf(server)) }))
  )
  return () =>
    told.flatMap(({ server, leaves, status }) => {
      const { phase } = status
      const isDraining = phase === 'no answer' ? leaves : phase !== 'ended' && isLeaving(phase as Phase)
      return isDraining && server.isAlive ? [status] : []
    })
}

/** What is known of a server by now: of one that has ended since it answered, only that. */
export function asOfNow(server: Server, answer: ServerAnswer): ServerAnswer {
  return server.isAlive ? answer : { status: silent(server) }
}

/** Asks a server, and waits for a moment; unless it is known not to answer. */
export async function answerOf(server: Server): Promise<ServerAnswer> {
  // After a stall of this process, what the server has said meanwhile is read first.
  if (isMute(server)) await new Promise<void>((resolve) => whenHeard(resolve))
  const report = isMute(server) ? undefined : await server.report()
  return report === undefined ? { status: silent(server) } : { ...report, status: withParent(report.status, server) }
}

/** One that has ended, boots, or hangs. A client with little patience asks about the others. */
function isMute({ isAlive, service, owesAnswer }: Server): boolean {
  return !isAlive || service === undefined || owesAnswer >= REPORT_LIMIT
}

/** A server knows no pid of its parent: the launcher has started both, and passes on what they say. */
function withParent(status: ProcessStatus, { settings }: Server): ProcessStatus {
  const { reload } = status
  const parent = settings.parent?.server.pid
  if (reload?.role !== 'child' || parent === undefined) return status
  return { ...status, reload: { ...reload, parent } }
}

/** The status of a server that hangs, boots or has crashed: only what is known from outside. */
function silent({ generation: own, lasting, pid, begun, isAlive }: Server): ProcessStatus {
  const uptime = Math.round(performance.now() - begun)
  // One that has ended before it served was not the next generation.
  const generation = isAlive ? own : lasting.generation
  const phase = isAlive ? 'no answer' : 'ended'
  return { generation, pid, phase, uptime, listeners: [], connections: 0 }
}

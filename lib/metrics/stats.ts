import type { ReloadHistory } from '../control/reports.js'
import type { Service } from '../process/service.js'
import type { Phase } from '../protocol/phases.js'
import type { Release } from '../reload/release.js'
import { countsByCode } from './reload-codes.js'

/**
 * What `app.graceful.stats()` returns: the figures of this process, and what is known in it of the generations before.
 * Plain JSON. No count gets less at a reload; of those that pass from process to process, what a process had not
 * reported before it crashed is lost.
 */
export interface GracefulStats {
  /** 1, 2, 3 …: one more than the number of reloads before this process. */
  generation: number
  /** The id of this process. */
  pid: number
  /** What this process is doing now. */
  phase: Phase
  /** For how long this process has run. Milliseconds. */
  uptime: number
  /** What it has loaded. */
  release: Release
  /** Connections of clients. */
  connections: {
    /** How many are open in this process. */
    open: number
    /** How many of these speak another protocol by now, such as WebSocket. */
    upgraded: number
    /** How many clients have opened. Of all generations. */
    opened: number
    /** How many have ended. Of all generations. */
    closed: number
    /** How often one has moved to another generation. Of all generations. */
    moved: number
  }
  /** Requests of clients. */
  requests: {
    /**
     * Requests that this process has begun and not answered whole. Of pipelined ones on one connection the first
     * counts.
     */
    inFlight: number
    /** Requests that were cut off because a drain had taken as long as it may. Of all generations. */
    forced: number
  }
  /** Work in the background that a drain waits for. */
  holds: {
    /** What `app.graceful.hold()` has begun in this process, and nobody has released. */
    open: number
    /** The same that no drain has waited for any longer. Of all generations. */
    forced: number
  }
  /** How many processes drain beside this one, as far as they have reported it. */
  draining: number
  /** The reloads of all generations, and how they ended. */
  reloads: Omit<ReloadHistory, 'codes'> & {
    /** Whether this process makes one, or is on probation. */
    inProgress: boolean
    /**
     * How often reloads have failed or been rolled back, by the code of the error. All codes are there, and `other`.
     */
    failuresByCode: Record<string, number>
  }
}

/** The figures of a process at this moment. */
export function statsOf(service: Service, phase: Phase, inProgress: boolean): GracefulStats {
  const { generation, command, load, ledger, history } = service
  const { opened, closed, moved, forcedRequests, forcedHolds } = ledger.total
  const { codes, ...reloads } = history.report
  const failures = reloads.failed + reloads.rolledBack
  return {
    generation,
    pid: process.pid,
    phase,
    uptime: Math.round(process.uptime() * 1000),
    release: command.release,
    connections: { open: load.connections, upgraded: load.upgraded, opened, closed, moved },
    requests: { inFlight: load.requests, forced: forcedRequests },
    holds: { open: load.holds, forced: forcedHolds },
    draining: ledger.beside.draining,
    reloads: { ...reloads, inProgress, failuresByCode: Object.fromEntries(countsByCode(codes, failures)) }
  }
}

import type { Phase } from '../protocol/phases.js'
import type { CheckStep, ReloadStep } from '../protocol/reload-step.js'
import type { Release } from '../reload/release.js'
import type { ReloadHealth } from '../reload/reload-health.js'
import type { ReachedTimings } from '../reload/reload-result.js'
import type { ControlFailure } from './failure.js'

/** What a process reports about itself, about a reload or a check in progress, and about the service. */

/** A reload that is in progress, as the process sees it that makes it. */
export interface ReloadProgress {
  step: ReloadStep
  reason: string
  /** Since it began. Milliseconds. */
  elapsed: number
  /** The generation to come. */
  generation: number
  /** The pid of the child, once it has been started. */
  child?: number
  /** Connections that have moved to the child, and those that are still here. */
  migrated: number
  remaining: number
  /** While the child is on probation: for how long it has been, and how long that takes. Milliseconds. */
  probation?: { elapsed: number; duration: number }
  /** What both have answered, by which the child is judged. */
  health?: ReloadHealth
}

/** A check that is in progress. */
export interface CheckProgress {
  step: CheckStep
  reason: string
  /** Since it began. Milliseconds. */
  elapsed: number
  /** The generation that a reload would lead to. */
  generation: number
  /** The pid of the child, once it has been started. */
  child?: number
}

/** A reload that is in progress, in a status. */
export type ReloadInProgress =
  | ({ role: 'parent' } & ReloadProgress)
  /**
   * This process serves on probation, for so long of how long, in milliseconds; if it fails, its parent with this pid
   * takes over again.
   */
  | { role: 'child'; parent: number; probation: { elapsed: number; duration: number } }

/** A request that is still in progress. */
export interface OpenRequest {
  method: string
  /** The pattern of its route; null if it is unknown. Never its URL, which may hold a secret. */
  route: string | null
  /** Milliseconds. */
  age: number
}

/** What a process on its way out still finishes. */
export interface DrainStatus {
  reason: string
  /** Since when it has been draining, and when what is left is cut off. Milliseconds. */
  elapsed: number
  left: number
  /** Requests in progress: how many, and the oldest of them. */
  requests: { count: number; oldest: OpenRequest[] }
  /** What else it waits for: names of holds, hooks that run, connections that move, another process. At most twenty. */
  holds: string[]
  /** Connections that another protocol has taken over, such as WebSockets. */
  upgraded: number
}

/** Of a process. Bytes. */
export interface MemoryStatus {
  rss: number
  heapUsed: number
}

/**
 * How often a launcher has started another server for a worker, because the one before had ended without an order to
 * end.
 */
export interface RestartStatus {
  count: number
  /**
   * How the last of them ended; one that dies of an error that nobody caught may still finish its work, and has
   * neither.
   */
  last?: { pid: number; exitCode: number | null; signal: string | null }
  /** Until the next one is started. Milliseconds. */
  next?: number
}

/** What one process says of itself. */
export interface ProcessStatus {
  generation: number
  pid: number
  /** The last two are of a launcher: the server does not answer, or has ended and will be started again. */
  phase: Phase | 'no answer' | 'ended'
  /**
   * Since the process was started; of one that does not answer, for how long it has been known at least. Milliseconds.
   */
  uptime: number
  /** The addresses that clients find it at. */
  listeners: string[]
  /** How many connections of clients are open. */
  connections: number
  /** What it has loaded. */
  release?: Release
  /** The version of this package that it runs, if it is known. */
  plugin?: string
  /** There while a reload is in progress. */
  reload?: ReloadInProgress
  /** There while a check is in progress. */
  check?: CheckProgress
  /** There while it drains. */
  drain?: DrainStatus
  memory?: MemoryStatus
  /** There for a worker whose server was started again. */
  restarts?: RestartStatus
}

/** A reload that has ended. */
export interface ReloadRecord {
  /** When it began, as of ISO 8601. */
  began: string
  /** What was given as its reason, or the signal that requested it. */
  reason: string
  outcome: 'succeeded' | 'failed' | 'rolled back'
  /** The generation that it led to, or should have. */
  generation: number
  /** Whether it loaded what the generation before had loaded, as far as paths and versions tell. */
  unchanged?: boolean
  /** Why it failed. */
  error?: Pick<ControlFailure, 'code' | 'message' | 'worker'>
  /** How long its parts took, as far as it came. Milliseconds. */
  timings: ReachedTimings
}

/** What has become of the reloads of a service since it was started, over all of its generations. */
export interface ReloadHistory {
  succeeded: number
  failed: number
  rolledBack: number
  /** Of a launcher: servers that were started again after a crash. */
  restarts: number
  /** By which codes reloads have failed or been rolled back, and how often each. */
  codes: Record<string, number>
  last: ReloadRecord | null
}

/** What is known of a service: the answer to `GET /status`, without its version. */
export interface StatusReport {
  /** The version of this package in the process that answers; null if it is unknown. */
  plugin: string | null
  /** The version of Node of that process. */
  node: string
  /** The process that starts all servers and stays, if there is one. `uptime`: milliseconds. */
  launcher: { pid: number; uptime: number; memory?: MemoryStatus } | null
  /** The server of each worker. Without a launcher it is one, the process that answers. */
  workers: ProcessStatus[]
  /** Earlier generations that still finish their work, at most sixteen. */
  draining: ProcessStatus[]
  /** The reload that follows the one in progress. */
  queued: { reason: string } | null
  history: ReloadHistory
}

/**
 * How far a reload is, as far as that is known; of several workers also the number of the one whose turn it is, from 1
 * on.
 */
export type ReloadPosition = Pick<ReloadProgress, 'step' | 'reason' | 'elapsed'> &
  Partial<ReloadProgress> & { worker?: number; workers?: number }

/** How far the reload is that a process makes; undefined if it makes none. */
export function positionOf(found: ReloadInProgress | undefined): ReloadPosition | undefined {
  if (found?.role !== 'parent') return undefined
  const { role: _role, ...position } = found
  return position
}

/** How far a check is, as far as that is known. */
export type CheckPosition = Pick<CheckProgress, 'step' | 'reason' | 'elapsed'> & Partial<CheckProgress>

/** The outcome of a request for another number of workers. */
export interface ScaleResult {
  /** How many workers there were, and how many there are. */
  before: number
  workers: number
  /** The pids of their servers. */
  pids: number[]
  reason: string
}

/** How far the number of workers has changed. */
export interface ScalePosition {
  /**
   * - `waiting`: another change or a reload is in progress, or no server serves
   * - `booting`: the server of a new worker boots
   * - `stopping`: the server of a worker that is no longer there finishes what it has in progress
   */
  step: 'waiting' | 'booting' | 'stopping'
  reason: string
  /** Since the caller requested it. Milliseconds. */
  elapsed: number
  /** The number of the worker, from 1 on, and how many there will be. */
  worker?: number
  workers?: number
  /** The pid of its server, once that has been started. */
  child?: number
}

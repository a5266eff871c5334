import type { ProcessStatus, ReloadHistory } from '../control/reports.js'
import type { Counts } from './counts.js'
import type { Load } from './load.js'

/** What there is to say of one worker. Without a launcher there is one, which is the process that answers. */
export interface WorkerReport {
  /** Its number, from 1 on. */
  readonly worker: number
  readonly status: ProcessStatus
  /** When its process was started, as the clock was then. Milliseconds since the epoch; the same at each answer. */
  readonly started: number
  /** What its process has in progress that accepts; undefined if there is none, or it does not answer. */
  readonly serving: Load | undefined
  /** The same of the processes that drain, as far as they have reported it. */
  readonly draining: Load
}

/** All of which metrics are made. */
export interface MetricsReport {
  readonly workers: readonly WorkerReport[]
  /** How many workers there are to be. */
  readonly wanted: number
  /** What the processes of workers have in progress that are there no more; undefined if there are none. */
  readonly removed?: Load | undefined
  readonly isReloading: boolean
  readonly history: ReloadHistory
  /** Over all processes and generations. */
  readonly counts: Counts
  /** How many processes finish what they have beside those that serve. */
  readonly draining: number
}

import type { PlainError } from '../errors.js'
import type { Ending } from '../process/channel-process.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import type { WorkerCount } from './worker-count.js'

/** What a launcher knows: the state of the machine in `launcher.ts`. */

/** A server process, in the order in which they were started. */
export type ServerId = number

/** A worker, in the order in which they were made: the first one is 0, and stays. */
export type WorkerId = number

/** A caller that waits for the outcome of a reload or another change. */
export type Ask = number

/** One server process. */
export interface Server {
  readonly id: ServerId
  readonly worker: WorkerId
  /** The server that it was started to succeed. */
  readonly parent: ServerId | undefined
  readonly stage: 'starting' | 'booting' | 'serving' | 'ended'
  readonly hasPlugin: boolean
  /** It leaves: of its own accord, or because of an error. */
  readonly leaves: 'no' | 'freely' | 'by error'
  /** It has been the server of its worker. */
  readonly hasLed: boolean
  /** Its app handles signals itself. */
  readonly ownSignals: boolean
  /** It has not answered lately. */
  readonly isSilent: boolean
  /** It knows that the service ends. */
  readonly isTold: boolean
  readonly isKilled: boolean
  /** Signals that were passed on to it, and that it may still end by. */
  readonly forwarded: readonly NodeJS.Signals[]
  /** How it ended, once all its messages have been read. */
  readonly ending: Ending | undefined
  /** Node has refused its command line, which no change of a file mends. */
  readonly isRefused: boolean
}

/** One of the places for which the launcher keeps a server. */
export interface Worker {
  readonly id: WorkerId
  /** The server that serves, or did so last, or is the first to come. */
  readonly current: ServerId | undefined
  /** The next server without a predecessor: it starts after a pause, or with the next reload, or is being started. */
  readonly next: 'none' | 'pausing' | 'held' | 'starting'
  /** How many servers in a row have crashed soon after their start. */
  readonly crashes: number
  /** No server will follow. */
  readonly isOver: boolean
  /** It had no server when the stop began. */
  readonly wasDown: boolean
}

/** A reload that was requested. Several callers can share one. */
export interface Request {
  readonly reason: string
  readonly asks: readonly Ask[]
}

/** A change of the number of workers that was requested. */
export interface ScaleRequest {
  readonly ask: Ask
  readonly reason: string
  readonly wanted: WorkerCount
}

/** The number of workers changes: the new ones start, or the last ones wait until one of the others answers. */
export interface Scaling {
  readonly ask: Ask
  readonly reason: string
  readonly before: number
  readonly target: number
}

/** Workers that are no longer there: their servers finish what they have in progress. */
export interface Leaving extends Scaling {
  readonly servers: readonly ServerId[]
}

/** What one worker does in a reload of all. */
export interface Turn {
  readonly worker: WorkerId
  /** The server that makes the reload; or the one without a predecessor that was started for it. */
  readonly server: ServerId | undefined
  /**
   * - `waiting`: for a server that serves
   * - `asking`: whether that server answers at all
   * - `making`: its successor does not serve yet
   * - `handed over`: the successor serves, on probation
   * - `passed`: the successor has outlived its probation; `commit` or `undo` follows
   * - `killing`: its server does not answer, and another one starts when it has ended
   * - `restarting`: that one boots
   * - `restarted`: that one serves
   * - `closing`: it has the order `commit` or `undo`
   */
  readonly stage:
    | 'waiting'
    | 'asking'
    | 'making'
    | 'handed over'
    | 'passed'
    | 'killing'
    | 'restarting'
    | 'restarted'
    | 'closing'
    | 'over'
  /** The successor has ended or given up, so the server will say that its reload failed. */
  readonly isSpoiled: boolean
  readonly result: ReloadResult | undefined
}

/** A reload of all workers, one after the other; it holds for all of them or for none. */
export interface Roll extends Request {
  readonly stage: 'taking turns' | 'committing' | 'undoing' | 'concluding'
  readonly turns: readonly Turn[]
  readonly failure: Failure | undefined
}

/** Why a reload failed. */
export type Failure = FailureCause & {
  /** The worker whose turn failed. */
  readonly worker?: WorkerId
}

type FailureCause =
  /** `timings`: of the steps that it reached, if the server has reported them. */
  | { readonly kind: 'said'; readonly error: PlainError; readonly timings?: ReachedTimings | undefined }
  | { readonly kind: 'not started'; readonly error: unknown }
  /** The server that made it has ended. */
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** A server that was started for it ended. */
  | { readonly kind: 'exited'; readonly ending: Ending; readonly server: ServerId | undefined }
  /** A message of a server was late. */
  | { readonly kind: 'late'; readonly server: ServerId | undefined }
  | { readonly kind: 'not listening' | 'no plugin' | 'stopping' }
  /** A server that was started for another number of workers did not serve in time, or leaves of its own accord. */
  | { readonly kind: 'no boot' | 'left'; readonly server: ServerId }
  /** In time, there was no server from which new ones could inherit, or that answered and could go on alone. */
  | { readonly kind: 'none serves' | 'none stays' }
  /** There cannot be so many workers, or so few. */
  | { readonly kind: 'out of range'; readonly count: number; readonly target: number }
  /** Too many changes wait already. */
  | { readonly kind: 'busy'; readonly waiting: number }

/** A launcher. */
export interface Launcher {
  readonly phase: 'running' | 'stopping' | 'ended'
  /** The signal that stopped the service. */
  readonly signal: NodeJS.Signals
  readonly isForced: boolean
  /**
   * In development, where the next reload comes with the next change of a file: a server that cannot boot waits for
   * that, unless no change of a file can mend it.
   */
  readonly isWatched: boolean
  /** Whether the service has ever served: one that cannot boot is not started again. */
  readonly hasServed: boolean
  /** The other workers start soon. */
  readonly isGrowing: boolean
  /** The sockets are left to the servers. */
  readonly isReleased: boolean
  /** The server whose app decides about signals and the pid file. */
  readonly leader: ServerId | undefined
  /** How many servers have been started. */
  readonly started: number
  /** Servers that live, and ended ones that are still needed. */
  readonly servers: readonly Server[]
  readonly workers: readonly Worker[]
  /** How many workers have been made. */
  readonly made: number
  readonly roll: Roll | undefined
  /** The one reload that follows, for any number of requests. */
  readonly queued: Request | undefined
  /**
   * Changes of the number of workers: the one in progress, those that follow in this order, and what is left of former
   * ones.
   */
  readonly scaling: Scaling | undefined
  readonly scales: readonly ScaleRequest[]
  readonly leaving: readonly Leaving[]
}

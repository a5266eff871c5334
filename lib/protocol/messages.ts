import type { ReloadHistory } from '../control/reports.js'
import type { PlainError } from '../errors.js'
import type { Counts } from '../metrics/counts.js'
import type { Tally } from '../metrics/ledger.js'
import type { Release } from '../reload/release.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { CONNECTION_MESSAGES, type ConnectionMessage } from './connection-messages.js'
import {
  anything,
  count,
  type Field,
  flag,
  isMessage,
  listOf,
  number,
  object,
  optional,
  record,
  type Table,
  text,
  tuple
} from './fields.js'
import type { Answers } from './health.js'
import {
  answers,
  plainError,
  release,
  reloadHistory,
  reloadResult,
  someCounts,
  tally,
  ticketKeys
} from './report-fields.js'

/**
 * The messages between parent and child, on the IPC channel of `child_process`. The channel keeps the order, so it
 * alone decides about success and failure, never signals or the order of events of the process.
 */

/** From the child. */
export type ToParent =
  /** A dormant duplicate of an inherited listener, by its index in the handoff; the handle travels with it. */
  | { type: 'listener'; index: number }
  /**
   * The child has loaded an app with this option `readyTimeout`, in milliseconds. A parent of an earlier release drops
   * the message, and uses its own limit.
   */
  | { type: 'boots'; readyTimeout: number }
  /** The child could serve now. It accepts nothing yet. */
  | {
      type: 'ready'
      release: Release
      /** How long its apps' health checks may take when it has to confirm. Milliseconds. */
      checkTimeout: number
      /** It knows that it is checked, and understands `try`. A child of an earlier release does not say so. */
      isCheck?: boolean | undefined
      /** How long it may take to stop, once it serves. Milliseconds. A child of an earlier release does not say. */
      stopTime?: number | undefined
    }
  /** The child of a check could take over. The answer to `try`. */
  | ({ type: 'checked' } & CheckFacts)
  /** The child accepts. */
  | { type: 'serving' }
  /** The child's last words before it ends without having served. */
  | { type: 'failed'; error: PlainError | undefined; stderr: string[] }
  /** What the child on probation has answered since it accepts. The answer to `how are you`. */
  | { type: 'health'; answers: Answers }
  /** The child serves, and will not give the service back of its own accord. The answer to `confirm`. */
  | { type: 'confirmed'; answers: Answers }
  /** What the child has counted since it took over. A parent of an earlier release drops it. */
  | { type: 'tally'; tally: Tally }
  /** The child gives the service back. It accepts until it gets `taken back`. */
  | { type: 'roll back'; reason: string }
  /** The child stops for another reason, such as a signal: not a failure. */
  | { type: 'stopping'; reason: string }
  /**
   * A signal or a caller requested one more reload of the child, which its parent makes if the child comes to nothing.
   * A parent of an earlier release drops it.
   */
  | { type: 'reload requested'; reason: string }
  /** How the reload ended that the parent passed on. */
  | { type: 'reloaded'; id: number; result: ReloadResult }
  | { type: 'reload failed'; id: number; error: PlainError }
  | DrainQuestion
  | DrainAnswer
  | ConnectionMessage

/** The report of the child of a check. `warmup`: how long that took, in milliseconds; undefined without one. */
export interface CheckFacts {
  warmup?: number | undefined
  /** Where it listens in addition. */
  opens: string[]
  /** The listeners that it inherited and no app took. */
  closes: string[]
}

/** What makes session tickets of one TLS server valid on another. */
export interface TicketKeys {
  keys: Uint8Array
  /** The context in which sessions are resumed; undefined where Node does not show it. */
  context: string | undefined
}

/** The history as it passes from generation to generation: one of an earlier release does not count by code. */
export type PassedHistory = Omit<ReloadHistory, 'codes'> & Partial<Pick<ReloadHistory, 'codes'>>

/** What a parent reports to its child about the reload in progress. `elapsed`, `probation`: milliseconds. */
export interface ReloadBrief {
  reason: string
  elapsed: number
  probation: number
  history: PassedHistory
  /** What all generations so far have counted; a parent of an earlier release does not say. */
  counts?: Counts | undefined
}

/** Both ways: which processes that you know of still finish their work? `limit`: for the answer, in milliseconds. */
export interface DrainQuestion {
  type: 'who drains'
  id: number
  limit: number
}

/** The answer: see `ProcessStatus`. A process of an earlier release does not know the question, and drops it. */
export interface DrainAnswer {
  type: 'these drain'
  id: number
  processes: object[]
}

/** From the parent. */
export type ToChild =
  /**
   * The answer to `boots`, in a reload: what the child needs if the parent does not live to say `take over`.
   * What the parent counts from then on follows as `tally`. A child of an earlier release drops both.
   */
  | { type: 'brief'; reload: ReloadBrief }
  /**
   * Accept: from here on the service is yours. `states`, `stateListeners`: see `SavedStates`. `ticketKeys`: by the
   * index of a listener in the handoff, the keys that its TLS clients hold tickets of. `reload`: facts about this
   * reload and earlier ones; a parent of an earlier release does not send them. `isAlone`: a launcher says this, as
   * there is no parent; one of an earlier release does not say so.
   */
  | {
      type: 'take over'
      states: unknown[]
      stateListeners?: number[][] | undefined
      ticketKeys: Array<[index: number, keys: TicketKeys]>
      reload?: ReloadBrief | undefined
      isAlone?: boolean | undefined
    }
  /** To the child of a check, that has said `isCheck`: load a copy of these states. */
  | { type: 'try'; states: unknown[]; stateListeners?: number[][] | undefined }
  /**
   * The history of all reloads, this one included. A child of an earlier release does not know the message, and drops
   * it.
   */
  | { type: 'history'; history: PassedHistory }
  /** What the parent has counted since `brief`, or `take over`. A child of an earlier release drops it. */
  | { type: 'tally'; tally: Tally }
  /** Do you answer, and what have you answered? */
  | { type: 'how are you' }
  /** The probation is over: do you serve? */
  | { type: 'confirm' }
  /** The parent accepts again. */
  | { type: 'taken back' }
  /** There is no way back any more. */
  | { type: 'settled' }
  /** A caller requested one more reload of the parent. */
  | { type: 'reload'; id: number; reason: string }
  /** The reload of another worker has failed: give the service back. */
  | { type: 'give up'; reason: string }
  /** The parent has got a stop of the service. */
  | { type: 'stop'; reason: string }
  | DrainQuestion
  | DrainAnswer
  | ConnectionMessage

/** The version of the handoff flag and of the messages. Both ends must speak the same one. */
export const PROTOCOL_VERSION = 6

const reloadBrief: Field = record({
  reason: text,
  elapsed: number,
  probation: number,
  history: reloadHistory,
  counts: optional(someCounts)
})

const DRAIN_MESSAGES = {
  'who drains': { id: count, limit: number },
  'these drain': { id: count, processes: listOf(object) }
}

const TO_PARENT: Table<ToParent> = {
  listener: { index: count },
  boots: { readyTimeout: number },
  ready: { release, checkTimeout: number, isCheck: optional(flag), stopTime: optional(number) },
  checked: { warmup: optional(number), opens: listOf(text), closes: listOf(text) },
  serving: {},
  failed: { error: optional(plainError), stderr: listOf(text) },
  health: { answers },
  confirmed: { answers },
  tally: { tally },
  'roll back': { reason: text },
  stopping: { reason: text },
  'reload requested': { reason: text },
  reloaded: { id: count, result: reloadResult },
  'reload failed': { id: count, error: plainError },
  ...DRAIN_MESSAGES,
  ...CONNECTION_MESSAGES
}

const TO_CHILD: Table<ToChild> = {
  brief: { reload: reloadBrief },
  'take over': {
    states: listOf(anything),
    stateListeners: optional(listOf(listOf(count))),
    ticketKeys: listOf(tuple(count, ticketKeys)),
    reload: optional(reloadBrief),
    isAlone: optional(flag)
  },
  try: { states: listOf(anything), stateListeners: optional(listOf(listOf(count))) },
  history: { history: reloadHistory },
  tally: { tally },
  'how are you': {},
  confirm: {},
  'taken back': {},
  settled: {},
  reload: { id: count, reason: text },
  'give up': { reason: text },
  stop: { reason: text },
  ...DRAIN_MESSAGES,
  ...CONNECTION_MESSAGES
}

export const isToParent: Field = (value) => isMessage(TO_PARENT, value)
export const isToChild: Field = (value) => isMessage(TO_CHILD, value)

import type { CheckProgress, ProcessStatus, ReloadPosition } from '../control/reports.js'
import type { PlainError } from '../errors.js'
import type { Counts } from '../metrics/counts.js'
import type { Load } from '../metrics/load.js'
import type { Ending } from '../process/channel-process.js'
import type { SignalOptions } from '../process/signal-options.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import type { StartCommand } from '../reload/start-command.js'
import type { BoundAddress } from '../sockets/listener-key.js'
import {
  count,
  either,
  exactly,
  type Field,
  flag,
  isMessage,
  listOf,
  number,
  object,
  optional,
  record,
  type Table,
  text
} from './fields.js'
import { isToChild, isToParent, type PassedHistory, type TicketKeys, type ToChild, type ToParent } from './messages.js'
import {
  checkResult,
  plainError,
  reloadHistory,
  reloadResult,
  someCounts,
  someLoad,
  stepTimings,
  ticketKeys
} from './report-fields.js'
import { CONNECTIONS_WORDS, type ConnectionsWord, SURPLUS_WORDS, type SurplusWord } from './surplus-messages.js'

/**
 * The messages between a server and its launcher, on the IPC channel of `child_process`. Parent and child of a reload
 * are both children of the launcher. Their messages to each other go through it, in order and unread.
 */

/** The version of these messages. Launcher and plugin are in one package, but may be loaded from different folders. */
export const LAUNCHER_PROTOCOL_VERSION = 3

/** From a server. */
export type ToLauncher =
  /** The plugin is loaded: this server understands messages. */
  | { type: 'hello' }
  /**
   * A listener is open. Its handle travels with the message, unless it was inherited: then `index` is its place in the
   * handoff. `ticketKeys`: what makes TLS sessions valid in another process.
   */
  | {
      type: 'listening'
      id: number
      key: string
      address: BoundAddress
      index: number | undefined
      ticketKeys: TicketKeys | undefined
      /** Of a unix socket: which file is at its path. A server of an earlier release does not say. */
      file?: string | undefined
    }
  /** A listener is closed for good. */
  | { type: 'not listening'; id: number }
  /**
   * The server accepts. The rest is what the app has chosen; `times`: how long a reload and a stop may take, in
   * milliseconds.
   */
  | {
      type: 'serves'
      signals: Required<SignalOptions> | false
      /** A server of an earlier release says a relative path as it is. */
      pidFile: string | undefined
      /** The descriptor that its log is written to as JSON; undefined if it is written in another way. */
      logsTo: number | undefined
      readyTimeout: number
      times: { reload: number; stop: number }
      /** It can make a check; a server of an earlier release does not say so. */
      checks?: boolean | undefined
    }
  /**
   * The server leaves: of its own accord, or because of an error. A release that gives the service back is one: nobody
   * has asked it to leave.
   */
  | { type: 'leaves'; isError: boolean }
  | ConnectionsWord
  /** Somebody asks this server for a reload. */
  | { type: 'ask for reload'; id: number; reason: string }
  /** The answer to a `ping`, at once: this server is not blocked. */
  | { type: 'pong'; counts?: Counts | undefined }
  /**
   * The status of this server, what it has in progress, and what it has counted; one of an earlier release has not
   * counted.
   */
  | { type: 'reported'; status: ProcessStatus; load?: Load | undefined; counts?: Counts | undefined }
  /** What this server has counted, as its last message. */
  | { type: 'counted'; counts: Counts }
  /**
   * For a reload that the launcher has requested: start a child with these listeners, by their ids. `child` is a number
   * for it: a child that gave up may still have requests in progress when the next one is started.
   */
  | { type: 'start child'; child: number; command: StartCommand; generation: number; listeners: number[] }
  | { type: 'kill child'; child: number }
  /** To be passed on, with the handle that travels with it. */
  | { type: 'tell child'; child: number; message: ToChild }
  /** The child serves, on probation. */
  | { type: 'handed over' }
  /** The child has outlived its probation; `commit` or `undo` will follow. */
  | { type: 'passed' }
  /** After that: the child is not well after all. */
  | { type: 'unwell'; error: PlainError }
  /** How far the reload is that the launcher has requested; a server of an earlier release does not say. */
  | { type: 'reload moved'; position: ReloadPosition }
  /** How the reload ended. */
  | { type: 'reload made'; result: ReloadResult }
  /** `timings`: of the steps that it reached; a server of an earlier release does not say. */
  | { type: 'reload failed'; error: PlainError; timings?: ReachedTimings | undefined }
  /** How far the check is that the launcher has requested; a server of an earlier release does not say. */
  | { type: 'check moved'; id: number; position: CheckProgress }
  /** The result of that check. */
  | { type: 'check made'; id: number; result: CheckResult }
  | { type: 'check failed'; id: number; error: PlainError }

/** From the launcher. */
export type FromLauncher =
  | { type: 'child started'; child: number; pid: number }
  | { type: 'child not started'; child: number; error: PlainError }
  /** Passed on, with the handle that travels with it. */
  | { type: 'child said'; child: number; message: ToParent }
  /** The child has ended, and all that it said has been passed on. */
  | ({ type: 'child ended'; child: number } & Ending)
  /** The parent of this server has ended, and all that it said has been passed on. */
  | { type: 'parent ended' }
  /** Make a reload now. */
  | { type: 'make reload'; reason: string }
  /** Make a check now. `until`: after that, do not begin, since nobody waits any more. Milliseconds since the epoch. */
  | { type: 'make check'; id: number; reason: string; until?: number }
  /** The reload of every worker has come as far: the parent leaves. */
  | { type: 'commit' }
  /** The reload of another worker has failed: the parent comes back. */
  | { type: 'undo'; error: PlainError }
  /** The outcome of a reload that this server has requested. */
  | { type: 'reload answered'; id: number; result: ReloadResult }
  | { type: 'reload refused'; id: number; error: PlainError }
  /** Sent every second, to learn whether this server answers at all. */
  | { type: 'ping' }
  /** How are you? */
  | { type: 'report' }
  /** The history of the reloads of all workers. Sent when this server serves, and after each reload. */
  | { type: 'history'; history: PassedHistory }
  /** How many connections each of several servers has, on average. */
  | { type: 'fair share'; count: number }
  | SurplusWord
  /** `asOne`: others accept on the same sockets and go on, so there is no lame duck. */
  | { type: 'stop'; reason: string; asOne?: boolean }
  | { type: 'force'; reason: string }

const address: Field = either(
  record({ path: text }),
  record({ family: exactly('IPv4', 'IPv6'), address: text, port: count })
)

/** Of a reload or a check. */
const position: Field = record({
  step: text,
  reason: text,
  elapsed: count,
  generation: optional(count),
  child: optional(count)
})
const signals: Field = either(exactly(false), record({ stop: listOf(text), reload: listOf(text), force: listOf(text) }))

const command: Field = record({ file: text, args: listOf(text), script: optional(text), cwd: text, env: object })

const TO_LAUNCHER: Table<ToLauncher> = {
  ...CONNECTIONS_WORDS,
  hello: {},
  listening: {
    id: count,
    key: text,
    address,
    index: optional(count),
    ticketKeys: optional(ticketKeys),
    file: optional(text)
  },
  'not listening': { id: count },
  serves: {
    signals,
    pidFile: optional(text),
    logsTo: optional(count),
    readyTimeout: number,
    times: record({ reload: number, stop: number }),
    checks: optional(flag)
  },
  leaves: { isError: flag },
  'ask for reload': { id: count, reason: text },
  pong: { counts: optional(someCounts) },
  reported: { status: object, load: optional(someLoad), counts: optional(someCounts) },
  counted: { counts: someCounts },
  'start child': { child: count, command, generation: count, listeners: listOf(count) },
  'kill child': { child: count },
  'tell child': { child: count, message: isToChild },
  'handed over': {},
  passed: {},
  unwell: { error: plainError },
  'reload moved': { position },
  'reload made': { result: reloadResult },
  'reload failed': { error: plainError, timings: optional(stepTimings) },
  'check moved': { id: count, position },
  'check made': { id: count, result: checkResult },
  'check failed': { id: count, error: plainError }
}

const FROM_LAUNCHER: Table<FromLauncher> = {
  ...SURPLUS_WORDS,
  'child started': { child: count, pid: count },
  'child not started': { child: count, error: plainError },
  'child said': { child: count, message: isToParent },
  'child ended': { child: count, exitCode: either(number, exactly(null)), signal: either(text, exactly(null)) },
  'parent ended': {},
  'make reload': { reason: text },
  'make check': { id: count, reason: text, until: optional(count) },
  commit: {},
  undo: { error: plainError },
  'reload answered': { id: count, result: reloadResult },
  'reload refused': { id: count, error: plainError },
  ping: {},
  report: {},
  history: { history: reloadHistory },
  'fair share': { count },
  stop: { reason: text, asOne: optional(flag) },
  force: { reason: text }
}

export const isToLauncher: Field = (value) => isMessage(TO_LAUNCHER, value)
export const isFromLauncher: Field = (value) => isMessage(FROM_LAUNCHER, value)

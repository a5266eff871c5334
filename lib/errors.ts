import createError from '@fastify/error'
import type { ReloadHealth } from './reload/reload-health.js'
import { printable, printableLines } from './util/printable.js'
import { toError } from './util/to-error.js'

/** An option has a value that the plugin cannot use. Thrown at registration. */
export const InvalidOptionError = createError<[string, string, string]>(
  'GRACEFUL_ERR_INVALID_OPTION',
  'fastify-graceful-reload: option %s must be %s, received %s',
  500,
  TypeError
)

/** An option, or a part of one, does not exist. Thrown at registration. */
export const UnknownOptionError = createError<[string]>(
  'GRACEFUL_ERR_INVALID_OPTION',
  'fastify-graceful-reload: unknown option %s',
  500,
  TypeError
)

/** A hook name is unknown, or what was given for it is no function. */
export const InvalidHookError = createError<[string, string, string]>(
  'GRACEFUL_ERR_INVALID_HOOK',
  'fastify-graceful-reload: addHook expects one of preReload, postReload, reloadFailed, drain, preSignal, postSignal ' +
    'and a function, received %s and %s%s',
  500,
  TypeError
)

/** The `reason` given to `gracefulReload()`, `stop()` or `rollback()` is no string. */
export const InvalidReasonError = createError<[string, string]>(
  'GRACEFUL_ERR_INVALID_REASON',
  'fastify-graceful-reload: the reason of %s must be a string, received %s',
  400,
  TypeError
)

/** What was given to `gracefulReload()` or `graceful.check()` is not an object with a `reason` and nothing else. */
export const InvalidArgumentError = createError<[string, string, string]>(
  'GRACEFUL_ERR_INVALID_ARGUMENT',
  'fastify-graceful-reload: %s expects nothing or an object with a reason, as in %s, received %s',
  400,
  TypeError
)

/** A caller requested a reload while nothing listens, so there is nothing to hand over. */
export const NotListeningError = createError(
  'GRACEFUL_ERR_NOT_LISTENING',
  'cannot reload: this process does not listen yet; call app.listen() first',
  409
)

/** A caller requested a reload after the process had begun to stop, or the stop overtook the reload. */
export const StoppingError = createError<[string]>(
  'GRACEFUL_ERR_STOPPING',
  'cannot reload: this process is stopping (%s)',
  503
)

/** A reload is not possible on this platform or in this kind of process. A stop works. */
export const UnsupportedError = createError<[string, string]>('GRACEFUL_ERR_UNSUPPORTED', 'cannot reload %s; %s', 501)

/** A preReload hook threw. The error it threw is the `cause`. */
export const VetoedError = createError<[string]>('GRACEFUL_ERR_VETOED', 'a preReload hook vetoed the reload: %s', 409)

/**
 * The `save` function of the `state` option threw, or what it returned would not arrive whole. The error is the
 * `cause`.
 */
export const StateError = createError<[string]>(
  'GRACEFUL_ERR_STATE',
  'the parent could not pass the state to the child: %s',
  500
)

/** A warm-up request was answered with a status of 500 or more, so the app must not be served. */
export const WarmupError = createError<[string, number]>(
  'GRACEFUL_ERR_WARMUP',
  'the warm-up request GET %s was answered with status %d',
  500
)

/** The child process could not be started at all. The system's error is the `cause`. */
export const SpawnFailedError = createError<[string, string]>(
  'GRACEFUL_ERR_SPAWN_FAILED',
  'the child could not be started with %s: %s',
  500
)

/** The child ended before it took over. See {@link ChildExitedDetails}. */
export const ChildExitedError = createError<[string]>(
  'GRACEFUL_ERR_CHILD_EXITED',
  'the child %s before it was ready',
  502
)

/** No child was ready within `readyTimeout`; one that was booting has been killed. */
export const ReadyTimeoutError = createError<[number]>(
  'GRACEFUL_ERR_READY_TIMEOUT',
  'no child was ready within %d ms (readyTimeout)',
  504
)

/** What this process inherited is not what the handoff says it is. */
export const BadHandoffError = createError<[string]>(
  'GRACEFUL_ERR_BAD_HANDOFF',
  'the handoff between parent and child cannot be trusted: %s',
  500
)

/** Somebody has put another file in the place of a unix socket of this process, which nobody can reach any more. */
export const PathTakenError = createError<[string]>(
  'GRACEFUL_ERR_PATH_TAKEN',
  'cannot reload: another file is at %s, where this process listens; remove it, and the next reload binds the path ' +
    'again',
  500
)

/** The path of a unix socket of this process has been removed, and cannot be bound again. */
export const PathLostError = createError<[string, string]>(
  'GRACEFUL_ERR_PATH_LOST',
  'cannot reload: the unix socket %s, where this process listens, has been removed, and cannot be bound again: %s',
  500
)

/**
 * The service manager holds a socket on the port that the app asks for, on other addresses, so that neither can be had.
 */
export const ActivationError = createError<[string, string]>(
  'GRACEFUL_ERR_ACTIVATION',
  'cannot listen on "%s": the service manager holds a socket on %s; listen there, or change ListenStream= of the ' +
    'socket unit',
  500
)

const ROLLED_BACK = 'GRACEFUL_ERR_ROLLED_BACK'

/**
 * The new generation took over and died, gave up, or was not well, within its probation; the previous one serves
 * again.
 */
export const RolledBackError = createError<[string]>(
  ROLLED_BACK,
  'the new generation was rolled back: it %s within its probation; the previous one serves again',
  502
)

/** A process that is not on probation called `rollback()`: its parent is gone, or there never was one. */
export const NotOnProbationError = createError(
  'GRACEFUL_ERR_NOT_ON_PROBATION',
  'cannot roll back: this process is not on probation',
  409
)

/**
 * The new generation had to reload once more, and this process lost the connection to it before the outcome was known.
 */
export const OutcomeUnknownError = createError<[string]>(
  'GRACEFUL_ERR_OUTCOME_UNKNOWN',
  'another process had to make the reload, and its outcome is unknown: %s',
  502
)

/** Nothing is known of the release: a check could not be made, or was given up for something that matters more. */
export const NoCheckError = createError<[string]>('GRACEFUL_ERR_NO_CHECK', 'the release was not checked: %s', 409)

/** Requests in progress, or holds, were cut off by `drainTimeout` or by a force signal. */
export const ForcedError = createError<[string, string]>(
  'GRACEFUL_ERR_FORCED',
  'the process ended the drain early (%s) and cut off %s',
  500
)

/**
 * What every error of this package is: what `gracefulReload()` rejects with, what a `reloadFailed` hook gets, what the
 * events `reload-failed` and `rolled-back` carry. `stderr`, `exitCode` and `signal` are there when a child has ended,
 * `health` when it had been serving.
 */
export interface GracefulError extends Error, Partial<ChildExitedDetails> {
  /** Begins with `GRACEFUL_ERR_`, and does not change; the message may. */
  code: string
  /** With which Fastify answers when a route lets the error through. */
  statusCode: number
  /** What the child that was taken back, and its parent, had answered. */
  health?: ReloadHealth
  /** With several workers of a launcher: the number of the one that failed, from 1 on. */
  worker?: number
}

/** What a {@link ChildExitedError} knows of the child's end. */
export interface ChildExitedDetails {
  /** Exit code, or null when a signal ended the child. */
  exitCode: number | null
  /** The signal that ended the child, or null. */
  signal: NodeJS.Signals | null
  /** The last lines that the child reported of its own failure; empty when it died without a word. */
  stderr: string[]
}

/** An error as it crosses from one process to the other. */
export interface PlainError extends Partial<ChildExitedDetails> {
  name: string
  message: string
  code?: string
  statusCode?: number
  stack?: string
  health?: ReloadHealth
  worker?: number
  cause?: PlainError
}

/** How far the causes of an error are followed; an error can be its own cause. */
const DEEPEST_CAUSE = 3

/** Reduces anything that was thrown to what can be sent to another process. */
export function toPlainError(thrown: unknown, depth = 0): PlainError {
  const error = toError(thrown) as Error & { [field in keyof PlainError]?: unknown }
  const plain: PlainError = { name: error.name, message: error.message }
  if (error.cause instanceof Error && depth < DEEPEST_CAUSE) plain.cause = toPlainError(error.cause, depth + 1)
  if (typeof error.code === 'string') plain.code = error.code
  if (typeof error.statusCode === 'number') plain.statusCode = error.statusCode
  if (typeof error.stack === 'string') plain.stack = error.stack
  if (error.code === ROLLED_BACK && error.health !== undefined) plain.health = error.health as ReloadHealth
  if (plain.code?.startsWith('GRACEFUL_ERR_') && typeof error.worker === 'number') plain.worker = error.worker
  // Those of a child that ended; other errors may have fields of the same names.
  if (Array.isArray(error.stderr)) plain.stderr = error.stderr.map(String)
  if (typeof error.exitCode === 'number' || error.exitCode === null) plain.exitCode = error.exitCode
  if (typeof error.signal === 'string' || error.signal === null) plain.signal = error.signal as NodeJS.Signals | null
  return plain
}

/**
 * Makes an `Error` again of what another process sent; code, statusCode, causes and what is known of a child's end are
 * kept. Its texts may be those of a broken release: nothing in them reaches a terminal but what can be printed.
 */
export function fromPlainError(plain: PlainError): Error {
  const { message, name, code, statusCode, stack, cause, stderr, ...details } = plain
  const error = new Error(printableLines(message), cause && { cause: fromPlainError(cause) })
  const lines = stderr && { stderr: stderr.map(printable) }
  return Object.assign(error, { name, code, statusCode, stack: stack && printableLines(stack), ...details, ...lines })
}

/** An error and its causes in one line, each said once. For people who may know: a cause can hold a secret. */
export function describeError(error: Error): string {
  const { message, cause } = error
  if (!(cause instanceof Error)) return message
  const why = describeError(cause)
  if (quotes(message, why)) return message
  // "Unexpected identifier" alone says less than what kind of error that is.
  const kind = cause.name === 'Error' || !cause.name.endsWith('Error') ? '' : `${cause.name}: `
  return `${message}: ${kind}${why}`
}

/** Whether a message has another one as a part of its own, and not by chance as a part of its words. */
function quotes(message: string, other: string): boolean {
  const at = message.lastIndexOf(other)
  if (at < 0) return false
  const [before, after] = [message.slice(0, at), message.slice(at + other.length)]
  return /(^|[:;(] ?)$/.test(before) && /^($|[:;)])/.test(after)
}

/** Anything that made a reload fail, as one of our errors; what is none has come before there was a child. */
export function toGracefulError(thrown: unknown): GracefulError {
  const error = toError(thrown)
  const { code } = error as { code?: unknown }
  const isOurs = typeof code === 'string' && code.startsWith('GRACEFUL_ERR_')
  const ours = isOurs ? error : Object.assign(new SpawnFailedError(process.execPath, error.message), { cause: error })
  return ours as GracefulError
}

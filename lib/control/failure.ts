import { describeError, toPlainError } from '../errors.js'
import type { ReloadHealth } from '../reload/reload-health.js'
import { toError } from '../util/to-error.js'

/** An error as it crosses the control socket. */
export interface ControlFailure {
  code: string
  message: string
  statusCode?: number
  /** Of a child that ended. */
  exitCode?: number | null
  signal?: string | null
  /** The last lines of a child that ended. */
  stderr?: string[]
  /** With several workers of a launcher: the number of the one that failed, from 1 on. */
  worker?: number
  /** Of a child that was taken back: what it and its parent had answered. */
  health?: ReloadHealth
}

/** Reduces anything that was thrown to what a command can show. */
export function toControlFailure(thrown: unknown): ControlFailure {
  const { name, code = name, message: _message, stack: _stack, cause: _cause, ...details } = toPlainError(thrown)
  return { code, message: describeError(toError(thrown)), ...details }
}

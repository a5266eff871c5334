import { inspect, types } from 'node:util'

/** One line, and not all that an object knows. */
const BRIEF = { depth: 0, breakLength: Number.POSITIVE_INFINITY, compact: true } as const

/**
 * Anything that was thrown, as an `Error` whose message is a text. The value may be of another realm, have no way to
 * become a text, or throw itself when it is looked at.
 */
export function toError(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error || types.isNativeError(thrown))) return errorOf(textOf(thrown))
    if (typeof thrown.message === 'string') return thrown
    return errorOf(inspect(thrown.message, BRIEF), stackOf(thrown))
  } catch {
    return errorOf('a value that cannot be shown')
  }
}

/** A text of its own tells more than what it consists of. */
function textOf(thrown: unknown): string {
  const shown = inspect(thrown, BRIEF)
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown === 'string' ? thrown : shown
  const text = types.isProxy(thrown) || !('toString' in thrown) ? '[object' : String(thrown)
  return text.startsWith('[object') ? shown : text
}

/** A stack may be made only when somebody reads it, from a message that is no text. */
function stackOf(error: Error): string | undefined {
  try {
    return error.stack
  } catch {
    return undefined
  }
}

/** Without a stack, it would have that of this function. */
function errorOf(message: string, stack = `Error: ${message}`): Error {
  return Object.assign(new Error(message), { stack })
}

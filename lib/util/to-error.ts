import { inspect, types } from 'node:util'

/** One line, and not all that an object knows. */
const BRIEF = { depth: 0, breakLength: Number.POSITIVE_INFINITY, compact: true } as const

/** How the text of an object begins that has none of its own. */
const NO_TEXT = '[object '

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
  if (typeof thrown === 'string') return thrown
  const hasText = typeof thrown === 'object' && thrown !== null && !types.isProxy(thrown) && 'toString' in thrown
  const text = hasText ? String(thrown) : NO_TEXT
  return text.startsWith(NO_TEXT) ? inspect(thrown, BRIEF) : text
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

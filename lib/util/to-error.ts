import { inspect, types } from 'node:util'

/**
 * Anything that was thrown, as an `Error` whose message is a text. The value may be of another realm, have no way to
 * become a text, or throw itself when it is looked at.
 */
export function toError(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error || types.isNativeError(thrown)))
      return errorOf(typeof thrown === 'string' ? thrown : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY }))
    return typeof thrown.message === 'string' ? thrown : errorOf('an error without a text')
  } catch {
    return errorOf('a value that cannot be shown')
  }
}

/** Its stack would be that of this function. */
function errorOf(message: string): Error {
  return Object.assign(new Error(message), { stack: `Error: ${message}` })
}

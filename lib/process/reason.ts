import { inspect } from 'node:util'
import { InvalidArgumentError, InvalidReasonError } from '../errors.js'
import { didYouMean } from '../util/closest.js'

/**
 * The reason that a caller gave. It goes to other processes and into logs, so it has to be text; an object that cannot
 * even be written as text must not get that far.
 *
 * @param what - the method, for the message
 * @throws {InvalidReasonError}
 */
export function checkReason(reason: unknown, what: string): string {
  if (typeof reason === 'string') return reason
  throw new InvalidReasonError(what, reason === null ? 'null' : `a value of type ${typeof reason}`)
}

/**
 * The reason in what was given to `gracefulReload()`, or another method that takes the same.
 *
 * @param what - the method, for the message
 * @throws {InvalidArgumentError} when that is no object, or has something else in it
 * @throws {InvalidReasonError}
 */
export function reasonOf(given: unknown, what = 'gracefulReload()'): string {
  if (given === undefined) return what
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const example = typeof given === 'string' ? `{ reason: ${inspect(given)} }` : "{ reason: 'deploy' }"
    throw new InvalidArgumentError(what, example, describe(given))
  }
  const { unknown, reason = what } = read(given, what)
  if (unknown !== undefined)
    throw new InvalidArgumentError(what, "{ reason: 'deploy' }", `the key ${unknown}${didYouMean(unknown, ['reason'])}`)
  return checkReason(reason, what)
}

/** A getter of it may throw, or a proxy. */
function read(given: object, what: string): { unknown: string | undefined; reason?: unknown } {
  try {
    const unknown = Object.keys(given).find((name) => name !== 'reason')
    return { unknown, reason: (given as { reason?: unknown }).reason }
  } catch (cause) {
    throw Object.assign(new InvalidArgumentError(what, "{ reason: 'deploy' }", 'an object that cannot be read'), {
      cause
    })
  }
}

/** Not of what is in it: that may be large, or unspeakable. */
function describe(given: unknown): string {
  if (typeof given === 'string') return inspect(given)
  return Array.isArray(given) ? 'an array' : given === null ? 'null' : `a value of type ${typeof given}`
}

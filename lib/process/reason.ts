import { inspect } from 'node:util'
import { InvalidArgumentError, InvalidReasonError } from '../errors.js'
import { didYouMean } from '../util/closest.js'

/**
 * The reason that a caller gave. It goes to other processes and into logs, so it has to be text; an object that cannot even be
 * written as text must not get that far.
 *
 * @param what - the method, for the message
 * @throws {InvalidReasonError}
 */
export function checkReason(reason: unknown, what: string): string {
  if (typeof reason === 'string') return reason
  throw new InvalidReasonError(what, reason === null ? 'null' : `a value of type ${typeof reason}`)
}

/**
 * The reason in what was given to `gracefulReload()`.
 *
 * @throws {InvalidArgumentError} when that is no object, or has something else in it
 * @throws {InvalidReasonError}
 */
export function reasonOf(given: unknown): string {
  if (given === undefined) return 'gracefulReload()'
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const example = typeof given === 'string' ? `{ reason: ${inspect(given)} }` : "{ reason: 'deploy' }"
    throw new InvalidArgumentError(example, describe(given))
  }
  const unknown = Object.keys(given).find((name) => name !== 'reason')
  if (unknown !== undefined)
    throw new InvalidArgumentError("{ reason: 'deploy' }", `the key ${unknown}${didYouMean(unknown, ['reason'])}`)
  const { reason = 'gracefulReload()' } = given as { reason?: unknown }
  return checkReason(reason, 'gracefulReload()')
}

/** Not of what is in it: that may be large, or unspeakable. */
function describe(given: unknown): string {
  if (typeof given === 'string') return inspect(given)
  return Array.isArray(given) ? 'an array' : given === null ? 'null' : `a value of type ${typeof given}`
}

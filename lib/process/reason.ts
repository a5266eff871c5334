import { InvalidReasonError } from '../errors.js'

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

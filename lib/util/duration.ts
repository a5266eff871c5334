import { inspect } from 'node:util'
import { InvalidOptionError } from '../errors.js'
import { LONGEST_TIMER } from './deadline.js'

/**
 * A duration as a user gave it in an option. Milliseconds.
 *
 * @throws {InvalidOptionError} naming the option and the value
 */
export function checkDuration(value: unknown, name: string, fallback: number, least: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= LONGEST_TIMER) return value
  throw new InvalidOptionError(name, `a whole number of milliseconds from ${least} to ${LONGEST_TIMER}`, inspect(value))
}

import { inspect } from 'node:util'
import { InvalidOptionError } from '../errors.js'
import { checkDuration } from '../util/duration.js'
import { unknownOption } from '../util/unknown-option.js'

/**
 * When the child of a reload is taken back although it lives. Only a child on probation is judged: each of its requests
 * is counted until the probation is over, and none after it.
 */
export interface HealthOptions {
  /**
   * The app's own check. The child calls it when it has taken over, twice a second until the probation is over, and
   * once more before it confirms that it serves. If it throws, or takes longer than `checkTimeout`, the child gives the
   * service back. Default: none.
   *
   * @example
   * check: async () => { await database.query('SELECT 1') }
   */
  check?: () => unknown
  /**
   * How long a health check may take. Milliseconds, default 2000.
   *
   * @example
   * checkTimeout: 5_000 // asks a slow service
   */
  checkTimeout?: number
  /**
   * How long the child may leave its parent's questions unanswered, because its event loop is blocked, before it is
   * killed. Milliseconds, default 5000; 0: as long as it likes, until it has to confirm that it serves.
   *
   * @example
   * hangTimeout: 10_000
   */
  hangTimeout?: number
  /**
   * By how much the child's share of answers with a status of 500 or more may exceed that of its parent since the
   * reload began. From 0 to 1, default 0.4; 1: it is not judged by its answers. First and later requests of connections
   * are compared each with their like.
   *
   * @example
   * errorShare: 0.1
   */
  errorShare?: number
  /**
   * How many answers there must be within a second, or longer if there are fewer, to judge by them. Default: 20.
   *
   * @example
   * leastAnswers: 100
   */
  leastAnswers?: number
}

export type ResolvedHealthOptions = Required<Omit<HealthOptions, 'check'>> & Pick<HealthOptions, 'check'>

const DEFAULTS: ResolvedHealthOptions = { checkTimeout: 2000, hangTimeout: 5000, errorShare: 0.4, leastAnswers: 20 }

const NAMES = ['check', ...Object.keys(DEFAULTS)]

/** How long any child may take to confirm that it serves. One that hangs for longer counts as dead. Milliseconds. */
const CONFIRM_LIMIT = 5000

/**
 * How long a child may take to confirm that it serves, besides what its own check takes: its loop may be blocked then
 * for as long as before. Milliseconds.
 */
export function confirmTime(health: ResolvedHealthOptions | false): number {
  return health === false ? CONFIRM_LIMIT : Math.max(CONFIRM_LIMIT, health.hangTimeout)
}

/**
 * Checks the option `health` and fills in the defaults. A function is the check alone.
 *
 * @throws {InvalidOptionError}
 */
export function checkHealth(value: unknown, name: string): ResolvedHealthOptions | false {
  if (value === undefined) return DEFAULTS
  if (value === false) return false
  if (typeof value === 'function') return { ...DEFAULTS, check: value as () => unknown }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOptionError(name, `false, a function, or an object with ${NAMES.join(', ')}`, inspect(value))
  const input = value as Record<string, unknown>
  for (const key of Object.keys(input)) {
    if (NAMES.includes(key)) continue
    throw unknownOption(`${name}.${key}`, key, NAMES)
  }
  const { check } = input
  if (check !== undefined && typeof check !== 'function')
    throw new InvalidOptionError(`${name}.check`, 'a function', inspect(check))
  return {
    ...(check !== undefined && { check: check as () => unknown }),
    checkTimeout: checkDuration(input.checkTimeout, `${name}.checkTimeout`, DEFAULTS.checkTimeout, 1),
    hangTimeout: checkDuration(input.hangTimeout, `${name}.hangTimeout`, DEFAULTS.hangTimeout, 0),
    errorShare: checkShare(input.errorShare, `${name}.errorShare`),
    leastAnswers: checkCount(input.leastAnswers, `${name}.leastAnswers`)
  }
}

function checkShare(value: unknown, name: string): number {
  if (value === undefined) return DEFAULTS.errorShare
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw new InvalidOptionError(name, 'a number from 0 to 1', inspect(value))
}

function checkCount(value: unknown, name: string): number {
  if (value === undefined) return DEFAULTS.leastAnswers
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new InvalidOptionError(name, 'a whole number from 1', inspect(value))
}

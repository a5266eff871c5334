import { inspect } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { InvalidOptionError } from '../errors.js'
import { checkDuration } from '../util/duration.js'
import { unknownOption } from '../util/unknown-option.js'

/** Paths that an app asks itself for, again and again, until the answers no longer become quicker. */
export interface RepeatedWarmup {
  /**
   * Required. Paths to `inject`, one after the other: a round.
   *
   * @example
   * paths: ['/', '/products']
   */
  paths: string[]
  /**
   * For how long at most; a round that has begun is finished. Milliseconds, default 1000; 0: a single round.
   *
   * @example
   * repeatFor: 3_000
   */
  repeatFor?: number
}

/** What the option `warmup` can be. */
export type Warmup = string[] | RepeatedWarmup | ((app: FastifyInstance) => unknown)

/** Milliseconds. */
export const REPEAT_FOR = 1000

const NAMES = ['paths', 'repeatFor']
const PATHS = 'an array of paths that begin with /'

/**
 * Checks the option `warmup`.
 *
 * @throws {InvalidOptionError}
 */
export function checkWarmup(value: unknown, name: string): Warmup | undefined {
  if (value === undefined || typeof value === 'function' || arePaths(value)) return value as Warmup | undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOptionError(name, `a function, ${PATHS}, or an object with ${NAMES.join(', ')}`, inspect(value))
  const { paths, repeatFor, ...others } = value as Record<string, unknown>
  for (const key of Object.keys(others)) throw unknownOption(`${name}.${key}`, key, NAMES)
  if (!arePaths(paths)) throw new InvalidOptionError(`${name}.paths`, PATHS, inspect(paths))
  return { paths, repeatFor: checkDuration(repeatFor, `${name}.repeatFor`, REPEAT_FOR, 0) }
}

function arePaths(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((path) => typeof path === 'string' && path.startsWith('/'))
}

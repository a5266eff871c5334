import { resolve } from 'node:path'
import { inspect } from 'node:util'
import { type ControlPlace, checkControl } from '../control/place.js'
import { InvalidOptionError } from '../errors.js'
import type { GracefulOptions, StateOptions } from '../options.js'
import { checkDuration } from '../util/duration.js'
import { unknownOption } from '../util/unknown-option.js'
import { checkHealth, confirmTime, type ResolvedHealthOptions } from './health-options.js'
import { checkSignals, type SignalOptions } from './signal-options.js'
import { checkWarmup } from './warmup-options.js'

/** The options with their defaults filled in. */
export interface ResolvedOptions {
  signals: Required<SignalOptions> | false
  readyTimeout: number
  drainTimeout: number
  reloadDrainTimeout: number
  closeTimeout: number
  lameDuck: number
  probation: number
  health: ResolvedHealthOptions | false
  connections: 'migrate' | 'close'
  websockets: 'close' | 'move'
  websocketCloseWindow: number
  statusRoute: string | undefined
  pidFile: string | undefined
  control: ControlPlace | false | undefined
  warmup: GracefulOptions['warmup']
  state: StateOptions | undefined
  env: ((env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv) | undefined
  compileCache: string | false | undefined
  directory: string | undefined
}

/** What Fastify itself reads from the options of every plugin. */
const FASTIFY_OPTIONS = new Set(['prefix', 'logLevel', 'logSerializers'])

type Check<K extends keyof ResolvedOptions> = (
  value: unknown,
  name: string,
  given: Record<string, unknown>
) => ResolvedOptions[K]

const checks: { [K in keyof ResolvedOptions]: Check<K> } = {
  signals: checkSignals,
  readyTimeout: (value, name) => checkDuration(value, name, 30_000, 1),
  drainTimeout: (value, name) => checkDuration(value, name, 25_000, 0),
  reloadDrainTimeout: (value, name, { drainTimeout }) => checkDuration(value ?? drainTimeout, name, 300_000, 0),
  closeTimeout: (value, name) => checkDuration(value, name, 5_000, 0),
  lameDuck: (value, name) => checkDuration(value, name, 0, 0),
  probation: (value, name) => checkDuration(value, name, 3_000, 0),
  health: checkHealth,
  connections: (value, name) => checkChoice(value, name, 'migrate', 'close'),
  websockets: (value, name) => checkChoice(value, name, 'close', 'move'),
  websocketCloseWindow: (value, name) => checkDuration(value, name, 1_000, 0),
  statusRoute: checkRoute,
  pidFile: checkFile,
  control: checkControl,
  warmup: checkWarmup,
  state: checkState,
  env: checkFunction,
  compileCache: checkFolder,
  directory: checkPath
}

/**
 * Checks the options a user gave and fills in the defaults.
 *
 * @throws {InvalidOptionError} naming the option and the value
 * @throws {UnknownOptionError} naming the option, and those that there are
 */
export function resolveOptions(given: GracefulOptions): ResolvedOptions {
  const known = Object.keys(checks)
  for (const name of Object.keys(given)) {
    if (FASTIFY_OPTIONS.has(name) || known.includes(name)) continue
    throw unknownOption(name, name, known)
  }
  const input = given as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(checks).map(([name, check]) => [name, check(input[name], name, input)])
  ) as unknown as ResolvedOptions
}

/** How long a reload may take, but for the steps between what the options limit. Milliseconds. */
export function longestReload({
  readyTimeout,
  probation,
  health
}: Pick<ResolvedOptions, 'readyTimeout' | 'probation' | 'health'>): number {
  return readyTimeout + probation + confirmTime(health) + (health === false ? 0 : health.checkTimeout)
}

/** The names of the options that a user gave explicitly. */
export function givenOptions(given: GracefulOptions): Array<keyof ResolvedOptions> {
  const input = given as Record<string, unknown>
  return (Object.keys(checks) as Array<keyof ResolvedOptions>).filter((name) => input[name] !== undefined)
}

/** The first one is the default. */
function checkChoice<A extends string, B extends string>(value: unknown, name: string, first: A, second: B): A | B {
  if (value === undefined) return first
  if (value === first || value === second) return value as A | B
  throw new InvalidOptionError(name, `'${first}' or '${second}'`, inspect(value))
}

function checkRoute(value: unknown, name: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.startsWith('/'))) return value
  throw new InvalidOptionError(name, 'a path that begins with /', inspect(value))
}

function checkPath(value: unknown, name: string): string | undefined {
  if (value === undefined || isPath(value)) return value
  throw new InvalidOptionError(name, 'the path of a file', inspect(value))
}

/** Absolute: the launcher, which writes the file, need not run in the directory of the server. */
function checkFile(value: unknown, name: string): string | undefined {
  const path = checkPath(value, name)
  return path === undefined ? undefined : resolve(path)
}

function checkFolder(value: unknown, name: string): string | false | undefined {
  if (value === undefined || value === false || isPath(value)) return value
  throw new InvalidOptionError(name, 'the path of a folder, or false', inspect(value))
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function checkFunction(value: unknown, name: string): ResolvedOptions['env'] {
  if (value === undefined || typeof value === 'function') return value as ResolvedOptions['env']
  throw new InvalidOptionError(name, 'a function', inspect(value))
}

function checkState(value: unknown, name: string): StateOptions | undefined {
  const { save, load } = (value ?? {}) as Partial<StateOptions>
  if (value === undefined || (typeof save === 'function' && typeof load === 'function')) return value as StateOptions
  throw new InvalidOptionError(name, 'an object with the functions save and load', inspect(value))
}

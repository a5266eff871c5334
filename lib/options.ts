import { inspect } from 'node:util'
import { type ControlOptions, type ControlPlace, checkControl } from './control/place.js'
import { InvalidOptionError } from './errors.js'
import { checkHealth, type HealthOptions, type ResolvedHealthOptions } from './process/health-options.js'
import { checkSignals, type SignalOptions } from './process/signal-options.js'
import { checkWarmup, type Warmup } from './process/warmup-options.js'
import { checkDuration } from './util/duration.js'
import { unknownOption } from './util/unknown-option.js'

/**
 * A value that passes from parent to child when the parent has stopped accepting and before the child begins to:
 * counters, rate limits, a cache. A failing `save` or `load`, or one that does not end within `readyTimeout`, is a
 * failed reload.
 */
export interface StateOptions {
  /**
   * Required. Called in the parent. What it returns arrives whole, or the reload fails: functions, symbols, shared
   * memory, and instances whose content is not in properties (`KeyObject`, `Blob`, `URL` …) cannot pass; an instance
   * with properties arrives as a plain object. Written by v8: https://nodejs.org/api/v8.html#serialization-api
   *
   * @example
   * save: () => ({ visits })
   */
  save: () => unknown
  /**
   * Required. Called in the child, with what `save` has returned.
   *
   * @example
   * load: (saved) => { visits = saved.visits }
   */
  // biome-ignore lint/suspicious/noExplicitAny: only the app knows what it has saved, in another version of itself
  load: (value: any) => unknown
}

/** Options of the plugin. All are optional; durations are in milliseconds. */
export interface GracefulOptions {
  /**
   * Which signal does what; `false` installs no handler at all. Default: SIGTERM and SIGINT stop, SIGHUP reloads, none
   * forces.
   *
   * @example
   * signals: { reload: ['SIGUSR2'] }
   */
  signals?: SignalOptions | false
  /**
   * How long a child may take until it is ready. Then it is killed, and the reload fails. Milliseconds, default 30000.
   *
   * @example
   * readyTimeout: 120_000 // loads a large model first
   */
  readyTimeout?: number
  /**
   * On a stop: how long the work in progress may take before it is cut off. Milliseconds, default 25000.
   *
   * @example
   * drainTimeout: 20_000
   */
  drainTimeout?: number
  /**
   * After a reload: how long the work in progress may take in the process that was replaced, where nobody waits for it.
   * Milliseconds, default: `drainTimeout` if that is given, else 300000.
   *
   * @example
   * reloadDrainTimeout: 600_000 // for downloads
   */
  reloadDrainTimeout?: number
  /**
   * How long the app's own `onClose` hooks may take at least, once its work is done; if the drain has more time left,
   * they have that. Milliseconds, default 5000.
   *
   * @example
   * closeTimeout: 10_000
   */
  closeTimeout?: number
  /**
   * On a stop: how long to go on accepting while the status route already answers 503. Longer than the interval of the
   * balancer's checks times the number that must fail, plus the timeout of a check. Milliseconds, default 0.
   *
   * @example
   * lameDuck: 17_000 // checks every 5 s; 3 must fail
   */
  lameDuck?: number
  /**
   * How long after the handoff this process takes over again if the child dies or is not well. Open connections move
   * meanwhile. Milliseconds, default 3000; 0: there is no way back.
   *
   * @example
   * probation: 10_000
   */
  probation?: number
  /**
   * When a child on probation is rolled back although it lives: because it hangs, because it answers with more errors
   * than its parent did, or because the app says so; see {@link HealthOptions}. A function: the app's own check, called
   * in the child; throws if it is not well. `false`: only a child that dies is rolled back. Default: hangs and errors
   * are judged.
   *
   * @example
   * health: async () => { await database.query('SELECT 1') }
   */
  health?: false | (() => unknown) | HealthOptions
  /**
   * What happens to open HTTP/1.1 connections at a reload: `'migrate'` moves them to the child, `'close'` lets them end
   * here, announced by `Connection: close`. Default: `'migrate'`.
   *
   * @example
   * connections: 'close'
   */
  connections?: 'migrate' | 'close'
  /**
   * What happens to the WebSockets whose route says nothing about it in its `config.graceful.move`: `'close'` closes
   * them with 1012 (Service Restart) as soon as the child serves, so that the clients connect again, to the new code;
   * `'move'` moves them to the child, for an app in which no route keeps state about a connection. Those with a
   * subprotocol, which a library speaks, only move if their route says so. Default: `'close'`.
   *
   * @example
   * websockets: 'move'
   */
  websockets?: 'close' | 'move'
  /**
   * Over how long the closing of WebSockets is spread after a reload, so that the clients do not come back all at once;
   * and how long one that is pinned has to be let go, from the end of the probation on. Milliseconds, default 1000.
   *
   * @example
   * websocketCloseWindow: 10_000 // thousands of clients
   */
  websocketCloseWindow?: number
  /**
   * Path of a route that answers 200 while serving and 503 in lame duck and on a stop. Default: none.
   *
   * @example
   * statusRoute: '/status/ready'
   */
  statusRoute?: string
  /**
   * Path of a file with the pid of the process that serves now, written atomically. Default: none.
   *
   * @example
   * pidFile: '/run/app/server.pid'
   */
  pidFile?: string
  /**
   * Path of a unix socket, for the commands `fastify-graceful-reload reload`, `status` and so on, of the same user, or
   * of a group that is let in: see {@link ControlOptions}. `false`: none. Default: the path in the environment variable
   * `FASTIFY_GRACEFUL_CONTROL`, if it is set.
   *
   * @example
   * control: '/run/app/control.sock'
   */
  control?: string | false | ControlOptions
  /**
   * Runs when the app is ready and before it listens: paths to `inject`, once, or again and again until the answers no
   * longer become quicker ({@link RepeatedWarmup}); or a function of the app. One that throws, or answers with a status
   * of 500 or more, is a failed boot. Default: none.
   *
   * @example
   * warmup: ['/', '/products']
   */
  warmup?: Warmup
  /**
   * Passes a value to the next generation; see {@link StateOptions}. Default: none.
   *
   * @example
   * state: { save: () => ({ visits }), load: (saved) => { visits = saved.visits } }
   */
  state?: StateOptions
  /**
   * Edits the environment of the child; receives a copy of the one this process was started with. Default: none.
   *
   * @example
   * env: (env) => ({ ...env, RELEASE: '42' })
   */
  env?: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv
  /**
   * Path of a private folder in which the generations share what Node has compiled; `false`: they share nothing.
   * Default: a folder of the service manager, or of the user.
   *
   * @example
   * compileCache: '/var/cache/app'
   */
  compileCache?: string | false
  /**
   * Path of the directory in which a reload starts the child. Links in it are resolved at each reload, so name a
   * release folder by the link that leads to it, and not by where that leads now. Default: the directory of the start,
   * by the way it was entered (`$PWD`).
   *
   * @example
   * directory: '/srv/app/current'
   */
  directory?: string
}

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
  pidFile: checkPath,
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
  return readyTimeout + probation + (health === false ? 0 : health.checkTimeout)
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

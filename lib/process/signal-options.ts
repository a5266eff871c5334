import { constants } from 'node:os'
import { inspect } from 'node:util'
import { InvalidOptionError } from '../errors.js'
import { didYouMean } from '../util/closest.js'
import { unknownOption } from '../util/unknown-option.js'

/** Which signal does what. */
export interface SignalOptions {
  /**
   * Signals that stop the process. Default: `['SIGTERM', 'SIGINT']`.
   *
   * @example
   * stop: ['SIGTERM', 'SIGINT', 'SIGQUIT']
   */
  stop?: NodeJS.Signals[]
  /**
   * Signals that reload. Default: `['SIGHUP']`.
   *
   * @example
   * reload: ['SIGUSR2']
   */
  reload?: NodeJS.Signals[]
  /**
   * Signals that end what is left at once: no hook runs any more, neither `drain` nor `onClose`. Default: none, as a
   * second stop signal does that.
   *
   * @example
   * force: ['SIGUSR2']
   */
  force?: NodeJS.Signals[]
}

/**
 * None forces that might come by accident: SIGUSR2 has Node write a report (`--report-on-signal`), nodemon restart, and
 * log files change.
 */
export const DEFAULT_SIGNALS: Required<SignalOptions> = { stop: ['SIGTERM', 'SIGINT'], reload: ['SIGHUP'], force: [] }

const FATAL = 'means an error in the program itself, after which no JavaScript may run'

/** Signals that cannot mean anything here, and why: https://nodejs.org/api/process.html#signal-events */
const UNUSABLE_SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: 'ends a process at once, and no process can handle it',
  SIGSTOP: 'pauses a process at once, and no process can handle it',
  SIGUSR1: "is Node's own: it starts the inspector",
  SIGPROF: "is that of V8's profiler",
  SIGSEGV: FATAL,
  SIGBUS: FATAL,
  SIGFPE: FATAL,
  SIGILL: FATAL,
  SIGCHLD: 'comes whenever a child process ends, as at each reload',
  SIGPIPE: 'comes whenever a client has gone before its answer'
}

/** Signals that not every system has: a setting that is meant for several systems may name them. */
const SIGNALS_ELSEWHERE = new Set(['SIGQUIT', 'SIGUSR2', 'SIGWINCH', 'SIGBREAK', 'SIGPWR', 'SIGINFO'])

/**
 * Checks the option `signals` and fills in the defaults.
 *
 * @throws {InvalidOptionError}
 */
export function checkSignals(value: unknown, name: string): Required<SignalOptions> | false {
  if (value === undefined) return DEFAULT_SIGNALS
  if (value === false) return false
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionError(name, 'false or an object with stop, reload and force', inspect(value))
  }
  const input = value as Record<string, unknown>
  for (const key of Object.keys(input)) {
    if (!Object.hasOwn(DEFAULT_SIGNALS, key)) throw unknownOption(`${name}.${key}`, key, Object.keys(DEFAULT_SIGNALS))
  }
  const resolved = {
    stop: checkSignalList(input.stop, `${name}.stop`, DEFAULT_SIGNALS.stop),
    reload: checkSignalList(input.reload, `${name}.reload`, DEFAULT_SIGNALS.reload),
    force: checkSignalList(input.force, `${name}.force`, DEFAULT_SIGNALS.force)
  }
  return rejectDuplicates(resolved, name, input)
}

function checkSignalList(value: unknown, name: string, fallback: NodeJS.Signals[]): NodeJS.Signals[] {
  if (value === undefined) return fallback
  const expected = 'an array of signal names that a process can handle, like SIGTERM'
  if (!Array.isArray(value)) throw new InvalidOptionError(name, expected, inspect(value))
  const wrong = value.map(complaintOf).find((complaint) => complaint !== undefined)
  if (wrong !== undefined) throw new InvalidOptionError(name, expected, `${inspect(value)}${wrong}`)
  return [...new Set(value)] as NodeJS.Signals[]
}

/** What is wrong with a signal, as the end of a message; undefined when it can be used. */
function complaintOf(signal: unknown): string | undefined {
  if (typeof signal !== 'string') return ''
  if (Object.hasOwn(UNUSABLE_SIGNALS, signal)) return `: ${signal} ${UNUSABLE_SIGNALS[signal]}`
  const known = [...Object.keys(constants.signals), ...SIGNALS_ELSEWHERE]
  if (known.includes(signal)) return undefined
  return didYouMean(signal.replace(/^(SIG)?/i, 'SIG'), known)
}

function rejectDuplicates(signals: Required<SignalOptions>, name: string, given: object): Required<SignalOptions> {
  const uses = Object.entries(signals).flatMap(([meaning, names]) => names.map((signal) => ({ signal, meaning })))
  for (const { signal } of uses) {
    const meanings = uses.filter((use) => use.signal === signal).map(({ meaning }) => meaning)
    if (meanings.length === 1) continue
    const places = meanings.map((meaning) => `${name}.${meaning}${meaning in given ? '' : ' (its default)'}`)
    throw new InvalidOptionError(name, 'one meaning for each signal', `${signal} in ${places.join(' and in ')}`)
  }
  return signals
}

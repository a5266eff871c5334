import { constants } from 'node:os'
import { inspect } from 'node:util'
import { InvalidOptionError } from '../errors.js'

/** Which signal does what. */
export interface SignalOptions {
  /** Signals that stop the process. Default: `['SIGTERM', 'SIGINT']`. */
  stop?: NodeJS.Signals[]
  /** Signals that reload. Default: `['SIGHUP']`. */
  reload?: NodeJS.Signals[]
  /** Signals that end what is left at once. Default: `['SIGUSR2']`. */
  force?: NodeJS.Signals[]
}

const DEFAULT_SIGNALS: Required<SignalOptions> = { stop: ['SIGTERM', 'SIGINT'], reload: ['SIGHUP'], force: ['SIGUSR2'] }

/** Signals for which Node cannot install a handler, or keeps one of its own: https://nodejs.org/api/process.html#signal-events */
const UNUSABLE_SIGNALS = new Set(['SIGKILL', 'SIGSTOP', 'SIGUSR1', 'SIGPROF', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL'])

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
    if (!Object.hasOwn(DEFAULT_SIGNALS, key))
      throw new InvalidOptionError(
        `${name}.${key}`,
        'stop, reload or force',
        `an unknown name with ${inspect(input[key])}`
      )
  }
  const resolved = {
    stop: checkSignalList(input.stop, `${name}.stop`, DEFAULT_SIGNALS.stop),
    reload: checkSignalList(input.reload, `${name}.reload`, DEFAULT_SIGNALS.reload),
    force: checkSignalList(input.force, `${name}.force`, DEFAULT_SIGNALS.force)
  }
  return rejectDuplicates(resolved, name)
}

function checkSignalList(value: unknown, name: string, fallback: NodeJS.Signals[]): NodeJS.Signals[] {
  if (value === undefined) return fallback
  const usable = (signal: unknown) =>
    typeof signal === 'string' &&
    (Object.hasOwn(constants.signals, signal) || SIGNALS_ELSEWHERE.has(signal)) &&
    !UNUSABLE_SIGNALS.has(signal)
  if (Array.isArray(value) && value.every(usable)) return [...new Set(value)] as NodeJS.Signals[]
  throw new InvalidOptionError(name, 'an array of signal names that a process can handle, like SIGTERM', inspect(value))
}

function rejectDuplicates(signals: Required<SignalOptions>, name: string): Required<SignalOptions> {
  const all = [...signals.stop, ...signals.reload, ...signals.force]
  const twice = all.find((signal, index) => all.indexOf(signal) !== index)
  if (twice !== undefined) throw new InvalidOptionError(name, 'one meaning for each signal', `${twice} twice`)
  return signals
}

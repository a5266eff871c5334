import { constants } from 'node:os'
import { DEFAULT_SIGNALS, type SignalOptions } from '../process/signal-options.js'
import { Terminal } from '../process/terminal.js'

/** What the signals of a launcher mean. */
export interface LauncherSignalEvents {
  stop(signal: NodeJS.Signals): void
  reload(signal: NodeJS.Signals): void
  force(signal: NodeJS.Signals): void
  /** One worker more, or one fewer. */
  scale(by: 1 | -1, signal: NodeJS.Signals): void
  /** The app has its own meaning for it. */
  forward(signal: NodeJS.Signals): void
}

/**
 * What somebody outside may send, and an app may listen to. Of these, what means nothing to the launcher is for the
 * servers. SIGUSR1 starts the inspector, here as there; those of job control reach the servers from the terminal.
 */
const FORWARDABLE: NodeJS.Signals[] = (
  ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGWINCH'] as const
).filter((signal) => signal in constants.signals)

/**
 * One worker more, or one fewer, as with unicorn and puma. What the app has chosen for its own signals comes first. A
 * terminal sends both as well, to a process in the background that reads from it, or writes where that is not allowed:
 * see {@link Terminal.isInBackground}.
 */
const SCALING = [
  ['SIGTTIN', 1],
  ['SIGTTOU', -1]
] as const

/** The signals of a launcher: they mean what the app of its servers has chosen. */
export class LauncherSignals {
  readonly #events: LauncherSignalEvents
  readonly #terminal = new Terminal()
  #handlers = new Map<NodeJS.Signals, () => void>()

  constructor(events: LauncherSignalEvents) {
    this.#events = events
    // Until the server has said what the app has chosen.
    this.use(DEFAULT_SIGNALS)
  }

  /** Goes by other signals from now on. */
  use(signals: Required<SignalOptions> | false): void {
    const { stop, reload, force, forward, scale } = this.#events
    const before = this.#handlers
    this.#handlers = new Map()
    if (signals !== false) {
      this.#on(signals.stop, stop)
      this.#on(signals.reload, (signal) => (this.#isHangUp(signal) ? stop(signal) : reload(signal)))
      this.#on(signals.force, force)
    }
    // In the background it is ignored without a line in the log: under `stty tostop`, writing that line sends SIGTTOU
    // again, and the system repeats such a write after each signal that is handled, without end.
    for (const [signal, by] of SCALING)
      if (!this.#handlers.has(signal)) this.#on([signal], () => this.#terminal.isInBackground || scale(by, signal))
    const others = FORWARDABLE.filter((signal) => !this.#handlers.has(signal))
    this.#on(others, forward)
    // After the new ones: without any handler, a signal would end this process.
    for (const [signal, handler] of before) process.removeListener(signal, handler)
  }

  /** Gives every signal back. */
  uninstall(): void {
    for (const [signal, handler] of this.#handlers) process.removeListener(signal, handler)
    this.#terminal.release()
  }

  #on(signals: NodeJS.Signals[], meaning: (signal: NodeJS.Signals) => void): void {
    for (const signal of signals) {
      const handler = () => meaning(signal)
      this.#handlers.set(signal, handler)
      process.on(signal, handler)
    }
  }

  /** A terminal that hangs up sends SIGHUP as well: https://man7.org/linux/man-pages/man3/termios.3.html, CLOCAL */
  #isHangUp(signal: NodeJS.Signals): boolean {
    return signal === 'SIGHUP' && this.#terminal.hasHungUp
  }
}

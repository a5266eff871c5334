import closeWithGrace from 'close-with-grace'
import { isExiting } from '../internals/exiting.js'
import { isGraceErrorListener } from '../internals/shutdown-handlers.js'
import { RUNTIME } from '../util/runtime.js'
import { toError } from '../util/to-error.js'
import type { ForeignHandlers } from './foreign-handlers.js'
import type { SignalContext } from './hooks.js'
import type { SignalOptions } from './signal-options.js'
import { Terminal } from './terminal.js'
import { YieldingHandler } from './yielding-handler.js'

/** What the signals of a process mean. */
export interface SignalEvents {
  /** A signal is about to be acted on. Has to call `act`, and return what that returns. */
  around<T>(context: SignalContext, act: () => T): T
  /** Leave. When the promise is fulfilled the process exits with 0, when it is rejected with 1. */
  stop(reason: string, error: Error | undefined): Promise<void>
  /** There is nothing left that could happen. Settles as `stop` does. */
  isEmpty(): Promise<void>
  reload(signal: NodeJS.Signals): void
  /**
   * Cut off everything that is left and end the process.
   *
   * @param error - uncaught, if that is why
   */
  force(reason: string, error?: Error): void
  /** The process ends, for whatever reason. */
  ends(): void
  /** A listener of `exit` has thrown. */
  failsToEnd(error: Error): void
}

/** All that close-with-grace would listen to. */
const GRACE_SIGNALS: closeWithGrace.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGUSR2',
  'SIGTERM'
]

/**
 * Deno calls a listener with a signal during which it was added: close-with-grace would take the first one for the
 * second as well.
 */
const CAN_GRACE_HEAR_SIGNALS = RUNTIME !== 'Deno'

const BEFORE_EXIT: closeWithGrace.AllEvents[] = ['beforeExit']

/**
 * A rejection that nobody handles becomes an uncaught error, unless the app or `--unhandled-rejections` says otherwise.
 */
const GRACE_ERRORS: closeWithGrace.AllEvents[] = ['uncaughtException', 'unhandledRejection']

type Heard = Parameters<closeWithGrace.CloseWithGraceAsyncCallback>[0]

/**
 * The signals of this process, and the one way out of it. close-with-grace owns the way out: the stop signals, and
 * uncaught errors unless the app has a listener of its own, to which Node leaves it whether the process goes on:
 * https://nodejs.org/api/process.html#event-uncaughtexception
 */
export class Signals {
  readonly #events: SignalEvents
  readonly #foreignHandlers: ForeignHandlers
  readonly #grace: { uninstall(): void }
  readonly #errors: YieldingHandler | undefined
  readonly #handlers = new Map<NodeJS.Signals, () => void>()
  readonly #terminal = new Terminal()
  readonly #onEnd = () => this.#events.ends()
  readonly #onExit = () => this.#terminal.release()
  #leaving = false
  /** close-with-grace has got a reason to leave. */
  #hasHeard = false

  constructor(signals: Required<SignalOptions> | false, events: SignalEvents, foreignHandlers: ForeignHandlers) {
    this.#events = events
    this.#foreignHandlers = foreignHandlers
    const stop: string[] = signals === false ? [] : signals.stop
    // A handler for SIGSEGV and its like would turn a crash into an endless loop; SIGHUP means something else, SIGUSR2
    // is the app's.
    const skip = GRACE_SIGNALS.filter((signal) => !stop.includes(signal) || !CAN_GRACE_HEAR_SIGNALS)
    this.#grace = this.#listen([...skip, ...GRACE_ERRORS, ...(signals === false ? BEFORE_EXIT : [])])
    if (signals === false) return
    this.#errors = new YieldingHandler(
      'uncaughtException',
      (listener) => !isGraceErrorListener(listener),
      () => this.#listen([...GRACE_SIGNALS, 'unhandledRejection', ...BEFORE_EXIT])
    )
    // What is logged now is written by a listener of the logger.
    process.prependListener('exit', this.#onEnd)
    process.on('exit', this.#onExit)
    const heardByGrace: string[] = CAN_GRACE_HEAR_SIGNALS ? GRACE_SIGNALS : []
    for (const signal of signals.stop.filter((name) => !heardByGrace.includes(name)))
      this.#on(signal, () => this.#stop(signal))
    for (const signal of signals.reload) this.#on(signal, () => this.#reload(signal))
    for (const signal of signals.force) this.#on(signal, () => this.#force(signal, signal))
  }

  /** Leaves the process; the `stop` event says what there is to do first. */
  exit(reason: string): void {
    if (this.#leaving) return
    this.#leaving = true
    // close-with-grace would take the next stop signal for a second one. After ^C it may be the first: then the
    // terminal sends this process the signal that its parent has passed on already.
    const exit = (code: number) => () => process.exit(code)
    this.#events.stop(reason, undefined).then(exit(0), exit(1))
  }

  /** Gives every signal back. */
  uninstall(): void {
    this.#foreignHandlers.release()
    this.#grace.uninstall()
    this.#errors?.uninstall()
    process.removeListener('exit', this.#onEnd)
    process.removeListener('exit', this.#onExit)
    for (const [signal, handler] of this.#handlers) process.removeListener(signal, handler)
  }

  #listen(skip: closeWithGrace.AllEvents[]): { uninstall(): void } {
    const onSecondSignal = (signal: closeWithGrace.Signals) => this.#force(signal, secondSignal(signal))
    const onSecondError = (thrown: unknown) => this.#fail(toError(thrown))
    // Every step of the way out has a limit of its own.
    const options = { delay: false as const, logger: false as const, skip, onSecondSignal, onSecondError }
    return this.#foreignHandlers.asOwn(() => closeWithGrace(options, (heard) => this.#heard(heard)))
  }

  /** When the promise is fulfilled the process exits. */
  #heard(heard: Heard): Promise<void> {
    // Anything can be thrown, `undefined` too.
    const error = 'err' in heard ? toError(heard.err) : undefined
    if (error !== undefined && isExiting()) this.#events.failsToEnd(error)
    if (this.#hasHeard) {
      if (error !== undefined) this.#fail(error)
      else if (heard.signal !== undefined) this.#force(heard.signal, secondSignal(heard.signal))
      return new Promise(() => {}) // The first one ends the process.
    }
    this.#hasHeard = true
    this.#leaving = true
    this.#foreignHandlers.leaves(heard.signal)
    const { signal } = heard
    if (signal !== undefined) return this.#around(signal, 'stop', () => this.#events.stop(signal, undefined))
    return error === undefined ? this.#events.isEmpty() : this.#events.stop(`uncaught error: ${error.message}`, error)
  }

  #on(signal: NodeJS.Signals, handler: () => void): void {
    this.#handlers.set(signal, handler)
    process.on(signal, handler)
  }

  #stop(signal: NodeJS.Signals): void {
    this.#foreignHandlers.leaves(signal)
    if (this.#leaving) this.#force(signal, secondSignal(signal))
    else this.#around(signal, 'stop', () => this.exit(signal))
  }

  /** A terminal that hangs up sends SIGHUP as well: https://man7.org/linux/man-pages/man3/termios.3.html, CLOCAL */
  #reload(signal: NodeJS.Signals): void {
    if (signal === 'SIGHUP' && this.#terminal.hasHungUp)
      this.#around(signal, 'stop', () => this.exit('the terminal hung up'))
    else this.#around(signal, 'reload', () => this.#events.reload(signal))
  }

  #force(signal: NodeJS.Signals, reason: string): void {
    this.#around(signal, 'force', () => this.force(reason))
  }

  #around<T>(signal: NodeJS.Signals, action: SignalContext['action'], act: () => T): T {
    return this.#events.around({ signal, action }, act)
  }

  /** An error comes while the process stops. */
  #fail(error: Error): void {
    if (isExiting()) this.#events.failsToEnd(error)
    this.#events.force(`error while stopping: ${error.message}`, error)
  }

  /** Cuts off everything that is left and ends the process. */
  force(reason: string): void {
    this.#events.force(reason)
  }
}

const secondSignal = (signal: string): string => `second stop signal, ${signal}`

import type { FastifyBaseLogger } from 'fastify'
import { type PlainError, toPlainError } from '../errors.js'
import { sendUpAtExit } from '../internals/ipc-channel.js'
import { watchStderr } from '../internals/stderr.js'
import type { Envelope } from '../process/envelope.js'
import { guarded } from '../util/guarded.js'

/** How many lines of stderr are kept. */
const LINES = 20

/** How much of a text is sent: at its end, a process cannot wait until the channel has room. Characters. */
const LONGEST = { line: 1000, text: 8000 }

/**
 * Tells the parent why this process ends before it was ready. Its stderr is the parent's, and cannot be read back from
 * there; so what is written to it is remembered here, with the uncaught error that nobody had a chance to write.
 */
export class LastWords {
  readonly #envelope: Envelope
  readonly #unwatch = watchStderr((text) => this.#remember(text))
  #lines: string[] = []
  #error: unknown
  #logged: unknown
  #restoreLogs: Array<() => void> = []

  constructor(envelope: Envelope) {
    this.#envelope = envelope
    process.on('uncaughtExceptionMonitor', this.#onUncaught)
    // First of all: the channel may have no room left behind what others say.
    process.prependOnceListener('exit', this.#onExit)
  }

  /** Takes note of the error that will end this process. */
  because(error: unknown): void {
    this.#error ??= error
  }

  /**
   * Takes note of what the app logs before it gives up: `app.log.error(err); process.exit(1)`. Such a log goes past
   * stderr.
   */
  follow(log: FastifyBaseLogger): void {
    for (const level of ['error', 'fatal'] as const) {
      const write = log[level]
      const note = (args: unknown[]) => {
        this.#logged = errorIn(args) ?? this.#logged
      }
      const noting = function (this: unknown, ...args: unknown[]): void {
        note(args)
        Reflect.apply(write, this, args)
      }
      log[level] = noting
      this.#restoreLogs.push(() => {
        // A logger whose level was set in the meantime has made new methods.
        if (log[level] === noting) log[level] = write
      })
    }
  }

  /** The process has something better to do than to end: gives everything back. */
  dispose(): void {
    for (const restore of this.#restoreLogs.splice(0)) restore()
    this.#unwatch()
    // Each of them calls listeners of `removeListener`.
    guarded(() => process.removeListener('uncaughtExceptionMonitor', this.#onUncaught))
    guarded(() => process.removeListener('exit', this.#onExit))
  }

  readonly #onUncaught = (error: unknown): void => this.because(error)

  /** In an `exit` listener only what is synchronous happens; on POSIX, sending is. */
  readonly #onExit = (): void => {
    if (!process.connected) return
    // The app has listeners of its own behind this one, whatever it has thrown.
    guarded(() => this.#send())
  }

  #send(): void {
    const reason = this.#error ?? this.#logged
    const error = reason === undefined ? undefined : clipped(toPlainError(reason))
    // What Node writes of an uncaught error goes past the stream.
    const stack = error?.stack?.split('\n') ?? []
    const [first = ''] = error?.message.split('\n', 1) ?? []
    const isTold = first !== '' && this.#lines.some((line) => line.includes(first))
    const lines = isTold ? this.#lines : [...this.#lines, ...stack]
    const stderr = lines.slice(-LINES).map((line) => clip(line, LONGEST.line))
    sendUpAtExit(this.#envelope.seal('parent', { type: 'failed', error, stderr }))
  }

  #remember(text: string): void {
    this.#lines = [...this.#lines, ...text.split('\n').filter((line) => line.trim() !== '')].slice(-LINES)
  }
}

function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

function clipped(error: PlainError): PlainError {
  const { message, stack, cause } = error
  return {
    ...error,
    message: clip(message, LONGEST.text),
    ...(stack !== undefined && { stack: clip(stack, LONGEST.text) }),
    ...(cause !== undefined && { cause: clipped(cause) })
  }
}

/** The error that a log line is about, or its text: https://getpino.io/#/docs/api?id=logger */
function errorIn([first, text]: unknown[]): unknown {
  if (first instanceof Error || typeof first === 'string') return first
  const { err, error } = Object(first) as { err?: unknown; error?: unknown }
  return err ?? error ?? text
}

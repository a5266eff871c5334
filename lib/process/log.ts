import diagnosticsChannel from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'
import { type GracefulEvent, type GracefulEvents, type Level, lineOf } from '../events.js'
import { jsonDescriptorOf, limitFlush, written } from '../internals/pino.js'
import { printable, printableLines } from '../util/printable.js'

/** Publishes and logs every event of a process: both together, here and nowhere else. */
export class ProcessLog {
  readonly #generation: number
  readonly #warned = new Set<string>()
  #logger: FastifyBaseLogger | undefined

  constructor(generation: number) {
    this.#generation = generation
  }

  /** An app is there: its logger does until the one is known whose word counts. */
  follow(logger: FastifyBaseLogger): void {
    limitFlush(logger)
    this.#logger ??= logger
  }

  /** From here on this logger is used. */
  use(logger: FastifyBaseLogger): void {
    this.#logger = logger
  }

  /** The descriptor to which the log is written as JSON, 1 or 2; undefined if it is written in another way. */
  get jsonTo(): number | undefined {
    return this.#logger && jsonDescriptorOf(this.#logger)
  }

  /** Resolves when all lines are written, if the logger can report that. */
  async written(): Promise<void> {
    if (this.#logger !== undefined) await written(this.#logger)
  }

  announce<E extends GracefulEvent>(event: E, data: GracefulEvents[E]): void {
    try {
      const channel = diagnosticsChannel.channel(`fastify-graceful-reload:${event}`)
      if (channel.hasSubscribers) channel.publish(data)
      this.#write(event, data)
    } catch {
      // A logger that throws has nowhere to say so, and must not stop what goes on.
    }
  }

  warn(warning: string, err?: Error): void {
    this.announce('warning', err === undefined ? { warning } : { warning, err })
  }

  /** Warns once in this process of something that every reload would find again. */
  warnOnce(warning: string, err?: Error): void {
    if (!this.#warned.has(warning)) this.warn(warning, err)
    this.#warned.add(warning)
  }

  #write<E extends GracefulEvent>(event: E, data: GracefulEvents[E]): void {
    const [level, text] = lineOf(event, data)
    const logger = this.#logger
    const details = { graceful: event, generation: this.#generation, ...data }
    const isTaken = logger !== undefined && takes(logger, level) && isLogged(logger, level, details, printable(text))
    const fatal = level === 'fatal' ? (data as { err?: Error }).err : undefined
    if (isTaken ? fatal !== undefined && isOfLog(fatal) : mustBeKnown(level, logger)) writeToStderr(text, fatal)
  }
}

/** Whether an error has come from what pino writes to: a line about it would go the same way. */
function isOfLog(error: Error): boolean {
  const { syscall } = error as NodeJS.ErrnoException
  return syscall === 'write' || /[\\/](thread-stream|sonic-boom)[\\/]/.test(error.stack ?? '')
}

/** Without a logger, Fastify has one whose methods are all the same and do nothing. */
function isSilent(logger: FastifyBaseLogger | undefined): boolean {
  return logger === undefined || logger.error === logger.trace
}

/** pino and winston tell: https://getpino.io/#/docs/api?id=logger-islevelenabled */
function takes(logger: FastifyBaseLogger, level: Level): boolean {
  const { isLevelEnabled } = logger as { isLevelEnabled?: (level: string) => boolean }
  if (isSilent(logger)) return false
  return isLevelEnabled === undefined || isLevelEnabled.call(logger, methodOf(logger, level))
}

/** Some loggers, such as winston with its own levels, know nothing worse than an error. */
function methodOf(logger: FastifyBaseLogger, level: Level): Level {
  return typeof logger[level] === 'function' ? level : 'error'
}

/** Whether the logger has taken it: one may throw, as when what it writes to has ended. */
function isLogged(...line: Parameters<typeof log>): boolean {
  try {
    log(...line)
    return true
  } catch {
    return false
  }
}

function log(logger: FastifyBaseLogger, level: Level, data: Record<string, unknown>, text: string): void {
  const { bindings } = logger as { bindings?: () => Record<string, unknown> }
  const method = methodOf(logger, level)
  // pino puts the text beside the data; others take either an object or a text, so that the object must have it.
  if (bindings === undefined) logger[method]({ ...data, message: text })
  // It does not tell that the pid is among what it has bound.
  else logger[method](besides(data, { pid: process.pid, ...bindings.call(logger) }), text)
}

/**
 * A field that the logger writes into every line is not written twice: readers differ on which of two equal keys
 * counts.
 */
function besides(data: Record<string, unknown>, bound: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(data).flatMap(([key, value]): Array<[string, unknown]> => {
    if (!(key in bound)) return [[key, value]]
    return isDeepStrictEqual(bound[key], value) ? [] : [[`graceful_${key}`, value]]
  })
  return Object.fromEntries(entries)
}

/** An app without a logger has not chosen to miss anything; one whose logger wants errors alone has. */
function mustBeKnown(level: Level, logger: FastifyBaseLogger | undefined): boolean {
  return level === 'error' || level === 'fatal' || (level === 'warn' && isSilent(logger))
}

/** For an error that ends this process, the line has the stack too, as Node's own would. */
function writeToStderr(text: string, err: Error | undefined): void {
  const stack = err?.stack === undefined ? '' : `${printableLines(err.stack)}\n`
  writeSync(2, `fastify-graceful-reload[${process.pid}]: ${printable(text)}\n${stack}`)
}

import fs from 'node:fs'
import { performance } from 'node:perf_hooks'

/** How long a process that ends may take to write what its logger still has. Milliseconds. */
const FLUSH_LIMIT = 1000

/** How long a write that has begun may take to reach the kernel. Milliseconds. */
const IN_FLIGHT = 50

interface Destination {
  fd?: unknown
  _writing?: unknown
  flushSync(): void
  once(event: 'drain', listener: (value: unknown) => void): unknown
  retryEAGAIN?: unknown
}

const BOUND = Symbol('fastify-graceful-reload.bound')

/**
 * Gives the flush at the end of the process a limit. pino's own destination writes what it still has from an `exit`
 * listener, where it tries again after every error, for ever: a reader that is gone (EPIPE, EIO of a terminal that was
 * closed) or does not read (EAGAIN) keeps the process alive until somebody kills it.
 * https://github.com/pinojs/sonic-boom/blob/v4.2.1/index.js, flushSync
 *
 * pino calls `retryEAGAIN` after EAGAIN alone, so other errors look like that one while the flush runs. `_writing`
 * shows that another thread has lines: without a wait, those behind them would overtake them.
 *
 * Fallback: a logger that is not pino, or whose destination is another one, is left alone.
 */
export function limitFlush(logger: object): void {
  const destination = destinationOf(logger) as (Destination & { [BOUND]?: boolean }) | undefined
  if (destination === undefined || destination[BOUND] === true) return
  const flush = destination.flushSync
  destination[BOUND] = true
  destination.flushSync = () => {
    // pino makes it do nothing once it knows of a broken pipe.
    if (destination[BOUND] !== true) return
    // What another thread is writing at this moment comes first, if it gets the time.
    if (destination._writing === true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, IN_FLIGHT)
    const end = performance.now() + FLUSH_LIMIT
    const { writeSync } = fs
    destination.retryEAGAIN = () => performance.now() < end
    fs.writeSync = ((...args: Parameters<typeof writeSync>) => {
      try {
        return writeSync(...args)
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code !== 'EAGAIN'
        if (isGone) destination.retryEAGAIN = () => false
        throw Object.assign(error as object, { code: 'EAGAIN' })
      }
    }) as typeof writeSync
    try {
      flush.call(destination)
    } catch {
      // Nobody reads it, and there is no place left to report that.
    } finally {
      fs.writeSync = writeSync
    }
  }
}

/**
 * Resolves when the lines are written that are with another thread: a process that ends now loses them. pino's own
 * `flush` does not tell where lines are written one by one.
 *
 * Fallback: at once, as for every other way to log.
 */
export async function written(logger: object): Promise<void> {
  const destination = destinationOf(logger)
  if (destination?._writing === true) await new Promise((resolve) => destination.once('drain', resolve))
}

/**
 * The descriptor, stdout or stderr, to which this logger writes lines of JSON.
 *
 * Fallback: undefined, as for every other way to log.
 */
export function jsonDescriptorOf(logger: object): number | undefined {
  const { fd } = destinationOf(logger) ?? {}
  return fd === 1 || fd === 2 ? fd : undefined
}

/** The stream below a pino: https://getpino.io/#/docs/api?id=pino-symbols; undefined if it is none that can hang. */
function destinationOf(logger: object): Destination | undefined {
  for (let one: object | null = logger; one !== null; one = Object.getPrototypeOf(one)) {
    const symbol = Object.getOwnPropertySymbols(one).find(({ description }) => description === 'pino.stream')
    if (symbol === undefined) continue
    const stream = (one as Record<symbol, unknown>)[symbol] as Partial<Destination> | undefined
    const isSonicBoom = typeof stream?.flushSync === 'function' && 'retryEAGAIN' in stream
    return isSonicBoom ? (stream as Destination) : undefined
  }
  return undefined
}

import { constants, fstatSync, openSync, writeSync } from 'node:fs'

/** How many lines wait at most for a reader. */
const MOST_WAITING = 1000

/** How often to try again what a full pipe has not taken. Milliseconds. */
const INTERVAL = 100

/**
 * Writes lines to a descriptor that others write to as well, and never waits for who reads them: a program that does
 * not read its pipe would stand in the way of signals, restarts and limits. Lines wait here then, and too many are
 * dropped and counted.
 */
export class LineOutput {
  readonly #fd: number
  #own: number | undefined
  #waiting: Buffer[] = []
  #missing = 0
  #timer: NodeJS.Timeout | undefined

  constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Writes a line, or keeps it until it can be written.
   *
   * @throws {Error} of `fs`, when nobody will ever read it, as EPIPE
   */
  write(line: string): void {
    if (this.#waiting.length >= MOST_WAITING) this.#missing += 1
    else this.#waiting.push(Buffer.from(`${line}\n`))
    this.flush()
  }

  /** Writes what waits, as far as there is room. At the end of the process, it is the last time. */
  flush(): void {
    clearTimeout(this.#timer)
    try {
      this.#writeAll()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        this.#timer = setTimeout(() => this.#again(), INTERVAL).unref()
        return
      }
      this.#waiting = []
      throw error
    }
  }

  #again(): void {
    try {
      this.flush()
    } catch {
      // Nobody reads it any more.
    }
  }

  #writeAll(): void {
    this.#own ??= ownDescription(this.#fd)
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const written = writeSync(this.#own, next)
      if (written < next.length) this.#waiting[0] = next.subarray(written)
      else this.#waiting.shift()
      if (this.#waiting.length === 0 && this.#missing > 0) this.#tellMissing()
    }
  }

  #tellMissing(): void {
    const what = `${this.#missing} lines are missing here: nobody read this log`
    this.#missing = 0
    this.#waiting.push(Buffer.from(`fastify-graceful-reload[${process.pid}]: ${what}\n`))
  }
}

/**
 * Whether a pipe blocks is a matter of its open file description, which is shared with every process that has inherited
 * it: https://man7.org/linux/man-pages/man2/fcntl.2.html (F_SETFL). This makes one of this process alone. Where there
 * is no such way, as on macOS, the shared one has to do.
 */
function ownDescription(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd
    const { O_WRONLY, O_NONBLOCK, O_APPEND } = constants
    return process.platform === 'linux' ? openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_APPEND) : fd
  } catch {
    return fd
  }
}

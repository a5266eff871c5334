import type { WriteStream } from 'node:tty'
import { clip } from './clip.js'
import { duration } from './units.js'

/**
 * Makes the text, so many milliseconds after the last report: a number in it, such as a time, may grow meanwhile.
 * Without that, the text has no such numbers.
 */
export type Telling = (since?: number) => string

/** The time, as of `performance.now()`, and calls that come again and again until the returned function is called. */
export interface Clock {
  now(): number
  every(interval: number, callback: () => void): () => void
}

/** Shows the progress of something that takes a while. */
export interface Progress {
  /** @param place - what the telling is about, the same as long as only figures change */
  tell(place: string, telling: Telling): void
  /** It is over. @param last - what stays on a terminal */
  end(last?: string): void
}

/** How often the time is drawn again. Milliseconds. */
const TICK = 250

/** How long a place lasts before it has one more line, so that a reader can tell it from a hang. Milliseconds. */
const SILENCE = 60_000

/** The clock of this process, which stays for no line. */
const CLOCK: Clock = {
  now: () => performance.now(),
  every: (interval, callback) => {
    const timer = setInterval(callback, interval).unref()
    return () => clearInterval(timer)
  }
}

const CLEAR_LINE = '\r\x1b[2K'

/** Where a line can be redrawn there is one, and else a line for each step. */
export function progressOn(stream: WriteStream, env: NodeJS.ProcessEnv, clock: Clock = CLOCK): Progress {
  if (stream.isTTY === true && env.TERM !== 'dumb') return new ProgressLine(stream)
  return new ProgressLines(stream, clock)
}

/** A line for each place without figures, as they would be those of its first moment; and one with them if it lasts. */
class ProgressLines implements Progress {
  readonly #stream: WriteStream
  readonly #clock: Clock
  #place = ''
  #telling: Telling | undefined
  #toldAt = 0
  #stop = () => {}

  constructor(stream: WriteStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
  }

  tell(place: string, telling: Telling): void {
    this.#telling = telling
    this.#toldAt = this.#clock.now()
    if (place === this.#place) return
    this.#place = place
    this.#stream.write(`${telling()}\n`)
    this.#stop()
    this.#stop = this.#clock.every(SILENCE, () => this.#repeat())
  }

  end(): void {
    this.#stop()
  }

  #repeat(): void {
    this.#stream.write(`${this.#telling?.(this.#clock.now() - this.#toldAt)}\n`)
  }
}

/** One line of a terminal, redrawn in place. */
class ProgressLine implements Progress {
  readonly #stream: WriteStream
  readonly #begun = performance.now()
  readonly #timer: NodeJS.Timeout
  #telling: Telling | undefined
  #toldAt = 0
  #isOver = false

  constructor(stream: WriteStream) {
    this.#stream = stream
    this.#timer = setInterval(() => this.#draw(), TICK).unref()
  }

  tell(_place: string, telling: Telling): void {
    this.#telling = telling
    this.#toldAt = performance.now()
    this.#draw()
  }

  end(last?: string): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#timer)
    this.#stream.write(`${CLEAR_LINE}${last === undefined ? '' : `${last}, after ${this.#elapsed}\n`}`)
  }

  get #elapsed(): string {
    return duration(performance.now() - this.#begun)
  }

  /** In the last column, some terminals would begin a new line. */
  #draw(): void {
    if (this.#isOver || this.#telling === undefined) return
    const text = this.#telling(performance.now() - this.#toldAt)
    this.#stream.write(CLEAR_LINE + clip(`${this.#elapsed}  ${text}`, (this.#stream.columns || 80) - 1))
  }
}

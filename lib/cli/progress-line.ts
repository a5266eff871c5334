import type { WriteStream } from 'node:tty'
import { clip } from './clip.js'
import { duration } from './units.js'

/** Makes the text, so many milliseconds after the last report: a number in it, such as a time, may grow meanwhile. */
export type Telling = (since: number) => string

/** Shows the progress of something that takes a while. */
export interface Progress {
  /** @param place - what the telling is about, the same as long as only figures change */
  tell(place: string, telling: Telling): void
  /** It is over. @param last - what stays on a terminal */
  end(last?: string): void
}

/** How often the time is drawn again. Milliseconds. */
const TICK = 250

const CLEAR_LINE = '\r\x1b[2K'

/** Where a line can be redrawn there is one, and else a line for each step. */
export function progressOn(stream: WriteStream, env: NodeJS.ProcessEnv): Progress {
  if (stream.isTTY === true && env.TERM !== 'dumb') return new ProgressLine(stream)
  return new ProgressLines(stream)
}

/** A line for each place, with its first figures. */
class ProgressLines implements Progress {
  readonly #stream: WriteStream
  #place = ''

  constructor(stream: WriteStream) {
    this.#stream = stream
  }

  tell(place: string, telling: Telling): void {
    if (place === this.#place) return
    this.#place = place
    this.#stream.write(`${telling(0)}\n`)
  }

  end(): void {}
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

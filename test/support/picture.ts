import type { Page } from 'playwright-core'
import { within } from './limit.js'
import { type Band, type Drawn, READ } from './read-canvas.js'

/** A stretch of pixels of one kind. */
export interface Stretch {
  kind: string
  from: number
  to: number
}

/** Lines of connections, and below them those of WebSockets. */
export const LANES = { connections: 8, webSockets: 4 }

/** Which pixels are solid. */
const SOLID = 128

/** How far the parts of a colour may be from those of a known one. */
const NEAR = 40

/** From here on an answer is a slow one, and the end of the logarithmic axis that begins at 1. Milliseconds. */
const [SLOW, LONGEST] = [300, 4000]

/** The opacities of a bar, see example/dashboard/page/draw-processes.mjs. */
const STRENGTHS = { faint: 0.28, probation: 0.62, full: 1 }

/** The picture that the live view has drawn of one server: what its pixels show. */
export class Picture {
  readonly layout: Drawn['layout']
  readonly #drawn: Drawn
  readonly #bytes: Buffer

  constructor(drawn: Drawn) {
    this.layout = drawn.layout
    this.#drawn = drawn
    this.#bytes = Buffer.from(drawn.bytes, 'base64')
  }

  /** Waits until the picture of a server is drawn as it should be. */
  static async drawn(page: Page, name: string, isMeant: (picture: Picture) => boolean): Promise<Picture> {
    let picture: Picture
    let isOver = false
    const search = async () => {
      do picture = new Picture(await page.evaluate<Drawn>(`(${READ})(${JSON.stringify(name)})`))
      while (!isOver && !isMeant(picture))
      return picture
    }
    try {
      return await within(search(), `picture of "${name}" as it should be`, () => String(picture))
    } finally {
      isOver = true
    }
  }

  /** How wide a duration is drawn. */
  widthOf(milliseconds: number): number {
    const { left, right, span } = this.layout
    return (milliseconds / span) * (right - left)
  }

  /** How many pixels of a colour there are in a band, between the labels and the right edge. */
  count(colour: string, { top, bottom }: Band): number {
    const rows = Array.from({ length: Math.ceil(bottom - top) }, (_row, index) => Math.floor(top) + index)
    return rows.reduce((sum, y) => sum + this.#columns.filter((x) => this.#isSolid(x, y, colour)).length, 0)
  }

  /** The dots of answers in the colour of a generation: those that took less than 300 ms, and those that took longer. */
  dots(generation: number): { quick: number; slow: number } {
    const { top, bottom } = this.layout.latencies
    const colour = `generation-${generation}`
    const slow = bottom - (Math.log(SLOW) / Math.log(LONGEST)) * (bottom - top)
    return { quick: this.count(colour, { top: slow, bottom }), slow: this.count(colour, { top, bottom: slow }) }
  }

  /** How many pixels of the crosses of failed requests there are. */
  get failures(): number {
    return this.count('failed', this.layout.failures)
  }

  /** The lines of all connections and WebSockets, from the top, each from its beginning to the right edge. */
  get lanes(): Stretch[][] {
    const { top, size, gap } = this.layout.lanes
    const lines = Array.from({ length: LANES.connections + LANES.webSockets }, (_lane, index) => {
      const y = Math.floor(top + (index + 0.5) * size + (index < LANES.connections ? 0 : gap))
      return this.#stretches((x) => this.#kindInLane(x, y))
    })
    return lines.map((all) => (all[0]?.kind === 'nothing' ? all.slice(1) : all))
  }

  /** The bars of the processes, from the top, in their phases: `1 full` is generation 1 that serves. */
  get processes(): Stretch[][] {
    const { top, size, rows } = this.layout.processes
    return Array.from({ length: rows }, (_row, index) => {
      // At the edge of the bar there is no text.
      const y = top + index * (size + 2) + 1
      const all = this.#stretches((x) => this.#kindInBar(x, y))
      // Where two phases meet, a pixel has something of both.
      return all.filter(({ kind, from, to }) => kind !== 'nothing' && to - from > 1)
    })
  }

  /** Whether something is written below the axis of time, at its left end and at its right end. */
  get hasTimes(): boolean {
    const { left, right, axis } = this.layout
    const isWritten = (from: number) => {
      const rows = Array.from({ length: 12 }, (_row, index) => axis + 3 + index)
      return rows.some((y) =>
        Array.from({ length: 24 }, (_column, index) => from + index).some((x) => this.#alpha(x, y) > SOLID)
      )
    }
    return isWritten(left) && isWritten(Math.floor(right) - 24)
  }

  toString(): string {
    const rows = [...this.lanes, ...this.processes].map((row) =>
      row.map(({ kind, from, to }) => `${kind} ${from}-${to}`)
    )
    const dots = [1, 2].map((generation) => JSON.stringify(this.dots(generation)))
    return [`dots: ${dots}, failures: ${this.failures}`, ...rows.map((row) => row.join(', '))].join('\n')
  }

  get #columns(): number[] {
    const { left, right } = this.layout
    return Array.from({ length: Math.floor(right) - left - 1 }, (_column, index) => left + index)
  }

  #stretches(kindAt: (x: number) => string): Stretch[] {
    const found: Stretch[] = []
    for (const x of this.#columns) {
      const kind = kindAt(x)
      const last = found.at(-1)
      if (last?.kind === kind) last.to = x + 1
      else found.push({ kind, from: x, to: x + 1 })
    }
    return found
  }

  #kindInLane(x: number, y: number): string {
    if (this.#alpha(x, y) < SOLID) return 'nothing'
    const known = Object.keys(this.#drawn.colours).find((colour) => this.#isSolid(x, y, colour))
    return known ?? 'other'
  }

  #kindInBar(x: number, y: number): string {
    const alpha = this.#alpha(x, y) / 255
    const generation = [1, 2].find((generation) => this.#isNear(x, y, `generation-${generation}`))
    const strength = Object.entries(STRENGTHS).find(([, value]) => Math.abs(value - alpha) < 0.05)?.[0]
    return generation === undefined || strength === undefined ? 'nothing' : `${generation} ${strength}`
  }

  #isSolid(x: number, y: number, colour: string): boolean {
    return this.#alpha(x, y) >= SOLID && this.#isNear(x, y, colour)
  }

  #isNear(x: number, y: number, colour: string): boolean {
    const at = this.#at(x, y)
    return (
      this.#drawn.colours[colour]?.every((part, index) => Math.abs(part - (this.#bytes[at + index] ?? 0)) < NEAR) ??
      false
    )
  }

  #alpha(x: number, y: number): number {
    return this.#bytes[this.#at(x, y) + 3] ?? 0
  }

  #at(x: number, y: number): number {
    return (y * this.#drawn.width + x) * 4
  }
}

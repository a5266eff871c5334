import { Colours } from './colours.mjs'
import { drawLanes } from './draw-lanes.mjs'
import { drawGaps, drawProcesses } from './draw-processes.mjs'
import { drawFailures, drawLatencies } from './draw-requests.mjs'
import { drawAxis, drawPresses } from './draw-time.mjs'
import { layOut } from './layout.mjs'

/** A canvas with what one server does: requests, connections and processes, over one axis of time. */
export class Chart {
  #canvas
  #context
  #gap
  #colours = new Colours()
  #layout

  /** @param gap - what happens to new connections while no process accepts */
  constructor(canvas, gap) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.#gap = gap
    this.#resize()
    new ResizeObserver(() => this.#resize()).observe(canvas)
  }

  /** How much of the past is shown. Milliseconds. */
  get span() {
    return this.#layout.span
  }

  draw(now, { requests, lanes, processes, presses }) {
    const { width, height, left, right, span } = this.#layout
    const x = (at) => right + ((at - now) / span) * (right - left)
    const pen = { context: this.#context, colours: this.#colours, layout: this.#layout, x }
    this.#context.clearRect(0, 0, width, height)
    drawAxis(pen)
    this.#clipped(() => {
      drawGaps(pen, processes, now, this.#gap)
      drawPresses(pen, presses)
      drawLatencies(pen, requests, now)
      drawFailures(pen, requests, now)
      drawLanes(pen, lanes, now)
      drawProcesses(pen, processes, now)
    })
  }

  repaint() {
    this.#colours.forget()
  }

  /** Draws nothing into the margin with the labels. */
  #clipped(paint) {
    const { left, right, height } = this.#layout
    this.#context.save()
    this.#context.beginPath()
    this.#context.rect(left, 0, right - left, height)
    this.#context.clip()
    paint()
    this.#context.restore()
  }

  #resize() {
    const { width, height } = this.#canvas.getBoundingClientRect()
    this.#canvas.width = Math.round(width * devicePixelRatio)
    this.#canvas.height = Math.round(height * devicePixelRatio)
    this.#context.scale(this.#canvas.width / width, this.#canvas.height / height)
    this.#layout = layOut(width, height, (text, font) => {
      this.#context.font = font
      return this.#context.measureText(text).width
    })
  }
}

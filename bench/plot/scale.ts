import type { Timeline } from './timeline.js'

/** Where everything stands. Pixels. */
export const LAYOUT = {
  width: 960,
  /** Of the time axis. */
  left: 66,
  right: 706,
  /** Of the figures beside it. */
  figures: 734,
  top: 90,
  /** Of the latencies of a party, of the lane of its failures below them, and from one party to the next. */
  panel: 76,
  lane: { top: 84, height: 16 },
  distance: 138
}

/** How much is shown before a reload and after it. Milliseconds. */
export const MARGIN = 1500
/** The latency at the bottom. A shorter one has a bar too, so that it differs from a missing answer. Milliseconds. */
const LOWEST = 1
/** How high such a bar is. Pixels. */
const LEAST_HEIGHT = 3

/** How times and latencies become places; the same for all parties, so that they can be compared. */
export interface Scale {
  /** @param time - milliseconds since the request for the reload */
  x(time: number): number
  /** @param latency - milliseconds */
  y(latency: number): number
  /** From the first to the last moment that is shown. Milliseconds. */
  span: number
  /** The latencies that have a line. Milliseconds. */
  ticks: number[]
}

/** The scale on which the reloads of all parties can be shown. */
export function scaleFor(timelines: readonly Timeline[], worst: number): Scale {
  const longest = Math.max(...timelines.map(({ reload }) => reload.over - reload.from))
  const span = longest + 2 * MARGIN
  const decades = Math.max(2, Math.ceil(Math.log10(worst / LOWEST)))
  return {
    span,
    ticks: Array.from({ length: decades + 1 }, (_, at) => LOWEST * 10 ** at),
    x: (time) => round(LAYOUT.left + ((time + MARGIN) / span) * (LAYOUT.right - LAYOUT.left)),
    y: (latency) =>
      round(Math.min(LAYOUT.panel - LEAST_HEIGHT, LAYOUT.panel * (1 - Math.log10(latency / LOWEST) / decades)))
  }
}

/** A tenth of a pixel is as exact as anybody can see. */
export function round(value: number): number {
  return Number(value.toFixed(1))
}

import type { Sample, Window } from './observation.js'

/** What the clients of one party saw across its reloads. */
export interface Timeline {
  name: string
  samples: readonly Sample[]
  /** From the request for each reload until all that accepts was new. */
  reloads: readonly Window[]
}

/** The worst latency of a short time, and how many requests failed in it. */
export interface Bin {
  /** Its beginning, in milliseconds from the beginning of the plot. */
  time: number
  worst: number
  failed: number
}

const BIN = 20
/** How much is shown before the first reload and after the last. Milliseconds. */
const MARGIN = { before: 1000, after: 4500 }
/** Latencies at the bottom and at the top of a panel. Milliseconds. */
const SCALE = { low: 0.1, high: 1000 }
const WIDTH = 960
const LEFT = 64
const RIGHT = 16
const TOP = 56
const PANEL = { height: 110, distance: 156 }
const STYLE = [
  'text { font: 12px sans-serif; fill: #333 } .title { font-size: 15px; font-weight: bold } .name { font-weight: bold }',
  '.grid { stroke: #ddd } .reload { fill: #fde9c8 } .latency { stroke: #2563a8; stroke-width: 1.2 }',
  '.failed { stroke: #c22; stroke-width: 1.6 } .failures { fill: #c22 } .tick { font-size: 10px; fill: #666 }'
].join(' ')

/** Sorts the requests that began within the window into short times. Times without any are left out. */
export function binSamples(samples: readonly Sample[], { from, to }: Window, width = BIN): Bin[] {
  const bins = new Map<number, Bin>()
  for (const { begun, ended, failed } of samples) {
    if (begun < from || begun > to) continue
    const time = Math.floor((begun - from) / width) * width
    const bin = bins.get(time) ?? { time, worst: 0, failed: 0 }
    if (failed) bin.failed += 1
    else bin.worst = Math.max(bin.worst, ended - begun)
    bins.set(time, bin)
  }
  return [...bins.values()].sort((a, b) => a.time - b.time)
}

/** Latency over time as an SVG picture, one panel below the other, all on the same scales. */
export function plotLatency(timelines: readonly Timeline[]): string {
  const windows = timelines.map(({ reloads }) => ({
    from: (reloads[0]?.from ?? 0) - MARGIN.before,
    to: (reloads.at(-1)?.from ?? 0) + MARGIN.after
  }))
  const span = Math.max(...windows.map(({ from, to }) => to - from))
  const height = TOP + timelines.length * PANEL.distance
  const panels = timelines.map((timeline, index) => panel(timeline, windows[index] as Window, span, index))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<title>Latency over time across reloads</title>',
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="16" y="22">Worst latency of each ${BIN} ms across two reloads, and failed requests</text>`,
    '<text x="16" y="40">Blue: answered requests (log scale). Red: requests failed. Shaded: from the request for the reload until all that accepts is new.</text>',
    ...panels.flat(),
    '</svg>',
    ''
  ].join('\n')
}

function panel({ name, samples, reloads }: Timeline, window: Window, span: number, index: number): string[] {
  const bins = binSamples(samples, window)
  const failed = bins.reduce((sum, bin) => sum + bin.failed, 0)
  const { height } = PANEL
  const x = (time: number) => round(LEFT + (time / span) * (WIDTH - LEFT - RIGHT))
  const shades = reloads.map(({ from, to }) => {
    const [left, right] = [x(from - window.from), x(to - window.from)]
    return `<rect class="reload" x="${left}" width="${round(right - left)}" height="${height}"/>`
  })
  const answers = bins.filter(({ worst }) => worst > 0)
  const failures = bins.filter((bin) => bin.failed > 0)
  return [
    `<g transform="translate(0 ${TOP + 20 + index * PANEL.distance})">`,
    ...shades,
    ...latencyAxis(),
    ...timeAxis(x, span),
    `<path class="latency" d="${answers.map(({ time, worst }) => `M${x(time)} ${height}V${y(worst)}`).join('')}"/>`,
    `<path class="failed" d="${failures.map(({ time }) => `M${x(time)} 0v10`).join('')}"/>`,
    `<text class="name" x="${LEFT}" y="-6">${escapeText(name)}</text>`,
    `<text class="${failed > 0 ? 'failures' : ''}" x="${WIDTH - RIGHT}" y="-6" text-anchor="end">${failed} failed</text>`,
    '</g>'
  ]
}

function latencyAxis(): string[] {
  const lines: string[] = []
  for (let value = SCALE.low; value <= SCALE.high; value *= 10) {
    lines.push(`<path class="grid" d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}"/>`)
    const label = `${Number(value.toPrecision(1))} ms`
    lines.push(`<text class="tick" x="${LEFT - 6}" y="${y(value) + 3}" text-anchor="end">${label}</text>`)
  }
  return lines
}

function timeAxis(x: (time: number) => number, span: number): string[] {
  const seconds = Array.from({ length: Math.floor(span / 1000) + 1 }, (_, second) => second)
  return seconds.map(
    (second) =>
      `<text class="tick" x="${x(second * 1000)}" y="${PANEL.height + 13}" text-anchor="middle">${second} s</text>`
  )
}

/** Where in its panel a latency stands. */
function y(latency: number): number {
  const within = Math.min(Math.max(latency, SCALE.low), SCALE.high)
  return round(PANEL.height * (1 - Math.log10(within / SCALE.low) / Math.log10(SCALE.high / SCALE.low)))
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

import { asCount } from '../table.js'
import { LAYOUT, MARGIN, round, type Scale } from './scale.js'
import { BIN, type Bin, binSamples, type Losses, type ReloadSpan, type Timeline } from './timeline.js'

/** The short times around the reload that is shown. */
export function binsOf({ samples, reload }: Timeline): Bin[] {
  return binSamples(samples, { from: reload.from - MARGIN, to: reload.over + MARGIN })
}

/** One party: a reload over time, and beside it what all reloads cost. */
export function drawPanel(
  { name, reload, losses }: Timeline,
  bins: readonly Bin[],
  scale: Scale,
  mostClosed: number
): string[] {
  const end = scale.x(reload.over - reload.from + MARGIN)
  return [
    `<text class="name" x="${LAYOUT.left}" y="-8">${escapeText(name)}</text>`,
    ...drawShades(reload, scale),
    ...drawGrid(scale, end),
    `<path class="latency" d="${latencyPath(bins, scale)}"/>`,
    ...drawFailures(bins, scale, end),
    ...drawFigures(losses, mostClosed)
  ]
}

function drawShades({ from, to, over }: ReloadSpan, { x }: Scale): string[] {
  const height = LAYOUT.lane.top + LAYOUT.lane.height
  const shade = (name: string, begin: number, end: number) =>
    `<rect class="${name}" x="${x(begin - from)}" width="${round(x(end - from) - x(begin - from))}" height="${height}"/>`
  return [shade('takeover', from, to), shade('probation', to, over)]
}

function drawGrid({ y, ticks }: Scale, end: number): string[] {
  const lines = ticks.map((tick) => `<path class="grid" d="M${LAYOUT.left} ${y(tick)}H${end}"/>`)
  const labels = ticks.map(
    (tick) => `<text class="note" x="${LAYOUT.left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick} ms</text>`
  )
  return [...lines, ...labels]
}

/** A bar for each short time. No bar: no request that began then was answered. */
function latencyPath(bins: readonly Bin[], { x, y }: Scale): string {
  const answered = bins.filter(({ worst }) => worst > 0)
  return answered
    .map(
      ({ time, worst }) => `M${x(time - MARGIN)} ${LAYOUT.panel}V${y(worst)}H${x(time + BIN - MARGIN)}V${LAYOUT.panel}z`
    )
    .join('')
}

/** Failures have their own lane: they have no latency, and must not look like one. */
function drawFailures(bins: readonly Bin[], { x }: Scale, end: number): string[] {
  const { top, height } = LAYOUT.lane
  const width = Math.max(2, round(x(BIN) - x(0)))
  const marks = bins
    .filter(({ failed }) => failed > 0)
    .map(({ time }) => `M${x(time - MARGIN)} ${top}h${width}v${height}h-${width}z`)
  return [
    `<rect class="lane" x="${LAYOUT.left}" y="${top}" width="${round(end - LAYOUT.left)}" height="${height}"/>`,
    `<text class="note" x="${LAYOUT.left - 6}" y="${top + 12}" text-anchor="end">failed</text>`,
    `<path class="failed" d="${marks.join('')}"/>`
  ]
}

function drawFigures({ failed, closed }: Losses, mostClosed: number): string[] {
  const x = LAYOUT.figures
  const room = LAYOUT.width - 16 - x
  const figure = (y: number, name: string, value: number, what: string) => {
    const text = `<tspan class="figure ${value > 0 ? name : 'good'}">${asCount(value)}</tspan> ${what}`
    return `<text x="${x}" y="${y}">${text}</text>`
  }
  const width = mostClosed === 0 ? 0 : round((room * closed) / mostClosed)
  return [
    figure(18, 'failed', failed, 'requests failed'),
    figure(56, 'closed', closed, 'connections closed'),
    `<rect class="lane" x="${x}" y="68" width="${room}" height="14"/>`,
    `<rect class="closed" x="${x}" y="68" width="${width}" height="14"/>`
  ]
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

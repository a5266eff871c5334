import { binsOf, drawPanel } from './panel.js'
import { LAYOUT, MARGIN, type Scale, scaleFor } from './scale.js'
import { STYLE } from './style.js'
import { BIN, type Timeline } from './timeline.js'

/** What clients notice of a reload, as an SVG picture: one party below the other, all on the same scales. */
export function plotLatency(timelines: readonly Timeline[]): string {
  const bins = timelines.map(binsOf)
  const worst = Math.max(1, ...bins.flat().map((bin) => bin.worst))
  const scale = scaleFor(timelines, worst)
  const mostClosed = Math.max(0, ...timelines.map(({ losses }) => losses.closed))
  const height = LAYOUT.top + timelines.length * LAYOUT.distance - 8
  const panels = timelines.map((timeline, at) => {
    const lines = drawPanel(timeline, bins[at] ?? [], scale, mostClosed)
    return [`<g transform="translate(0 ${LAYOUT.top + at * LAYOUT.distance})">`, ...lines, '</g>']
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LAYOUT.width} ${height}" role="img">`,
    '<title>What clients notice of a reload: latency over time, failed requests and closed connections</title>',
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${LAYOUT.width}" height="${height}"/>`,
    ...drawHead(timelines),
    ...panels.flat(),
    ...drawTimes(scale, height - 12),
    '</svg>',
    ''
  ].join('\n')
}

function drawHead(timelines: readonly Timeline[]): string[] {
  const reloads = timelines[0]?.losses.reloads ?? 0
  const key = (x: number, name: string, text: string) => [
    `<rect class="${name}" x="${x}" y="40" width="12" height="12"/>`,
    `<text class="note" x="${x + 18}" y="50">${text}</text>`
  ]
  return [
    '<text class="title" x="16" y="26">What clients notice of a reload</text>',
    ...key(16, 'latency', `slowest answer of each ${BIN} ms`),
    ...key(216, 'failed', 'requests failed'),
    ...key(332, 'takeover', 'until all that accepts is new'),
    ...key(528, 'probation', 'old code still there (probation)'),
    `<text class="note" x="${LAYOUT.figures}" y="50">in ${reloads} reloads of each:</text>`
  ]
}

function drawTimes({ x, span }: Scale, y: number): string[] {
  const seconds = Array.from({ length: Math.floor((span - MARGIN) / 1000) + 2 }, (_, second) => second - 1)
  return seconds.map((second) => {
    const text = second === 0 ? 'reload' : `${second > 0 ? '+' : '−'}${Math.abs(second)} s`
    return `<text class="note" x="${x(second * 1000)}" y="${y}" text-anchor="middle">${text}</text>`
  })
}

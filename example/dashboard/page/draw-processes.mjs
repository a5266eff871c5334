import { cross } from './draw-requests.mjs'

/** The opacity of the bar of a process, by phase. */
const STRENGTH = { booting: 0.28, serving: 1, 'on probation': 0.62, 'handed over': 0.28, draining: 0.28 }

const SHORT = { 'on probation': 'probation' }

const ACCEPTING = ['serving', 'on probation']

/** A bar for each process, with its phases one after the other. */
export function drawProcesses(pen, processes, now) {
  const { top, size } = pen.layout.processes
  for (const bar of processes) {
    const y = top + bar.row * (size + 2)
    stretches(bar, now).forEach((stretch) => {
      drawStretch(pen, bar, stretch, y)
    })
    if (bar.end !== undefined && bar.to <= now) drawEnd(pen, bar, y)
  }
}

/** While no process accepts, clients are refused, or wait. */
export function drawGaps({ context, colours, layout, x }, processes, now, { label, isRefused }) {
  context.textAlign = 'left'
  for (const { from, to } of gaps(processes, now)) {
    context.fillStyle = colours.get(isRefused ? '--down' : '--grid')
    const begin = Math.max(x(from), layout.left)
    const width = x(to) - begin
    context.fillRect(begin, layout.failures.top - 4, width, layout.axis - layout.failures.top + 4)
    if (context.measureText(label).width + 8 > width) continue
    context.fillStyle = colours.get(isRefused ? '--failed' : '--soft')
    context.fillText(label, begin + 4, layout.latencies.bottom - 9)
  }
}

/** The times at which no process accepts, after the first process has accepted. */
function gaps(processes, now) {
  const accepting = processes
    .flatMap((bar) => stretches(bar, now).filter(({ phase }) => ACCEPTING.includes(phase)))
    .sort((a, b) => a.from - b.from)
  const found = []
  let end = accepting[0]?.from ?? now
  for (const { from, to } of [...accepting, { from: now, to: now }]) {
    if (from > end) found.push({ from: end, to: from })
    end = Math.max(end, to)
  }
  return found
}

/** The phases of a process until now, each with its end. */
function stretches({ phases, to }, now) {
  return phases
    .map(({ phase, from }, index) => ({ phase, from, to: Math.min(phases[index + 1]?.from ?? to ?? now, now) }))
    .filter(({ from, to }) => from < to)
}

function drawStretch({ context, colours, layout, x }, { generation, pid }, { phase, from, to }, y) {
  const { size } = layout.processes
  const begin = Math.max(x(from), layout.left)
  const width = x(to) - begin
  if (width <= 0) return
  context.globalAlpha = STRENGTH[phase]
  context.fillStyle = colours.of(generation)
  context.fillRect(begin, y, width, size)
  context.globalAlpha = 1
  const texts = [`generation ${generation}, pid ${pid}: ${phase}`, `generation ${generation}: ${phase}`, phase]
  const text = [...texts, SHORT[phase] ?? ''].find((text) => context.measureText(text).width + 6 < width)
  if (!text) return
  context.textAlign = 'left'
  context.fillStyle = colours.get(STRENGTH[phase] === 1 ? '--on-bar' : '--text')
  context.fillText(text, begin + 4, y + size / 2 + 1)
}

function drawEnd({ context, colours, layout, x }, { to, end }, y) {
  const middle = y + layout.processes.size / 2
  const path = new Path2D()
  cross(path, x(to) + 4, middle, 4)
  context.strokeStyle = colours.get('--failed')
  context.lineWidth = 2.5
  context.stroke(path)
  context.fillStyle = colours.get('--failed')
  context.textAlign = 'left'
  context.fillText(end, x(to) + 12, middle + 1)
}

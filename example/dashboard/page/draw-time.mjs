import { yOf } from './draw-requests.mjs'

const LATENCIES = [
  [1, '1 ms'],
  [10, '10 ms'],
  [100, '100 ms'],
  [1000, '1 s']
]

const NAMES = { deploy: 'deploy', 'deploy-broken': 'broken release', crash: 'crash' }

/** The names and the grid. */
export function drawAxis({ context, colours, layout }) {
  const { left, right, axis, font, failures, latencies, lanes, processes, ticks } = layout
  context.font = font
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  context.fillStyle = colours.get('--soft')
  const label = (text, y) => context.fillText(text, left - 8, y)
  label('connections', lanes.top + 4 * lanes.size)
  label('WebSockets', lanes.top + 10 * lanes.size + lanes.gap)
  label('processes', processes.top + 1.5 * (processes.size + 2))
  label('latency', latencies.top)
  context.strokeStyle = colours.get('--grid')
  context.lineWidth = 1
  for (const [latency, text] of LATENCIES) {
    const y = yOf(layout, latency)
    label(text, y)
    line(context, left, y, right, y)
  }
  context.fillStyle = colours.get('--failed')
  label('failed', (failures.top + failures.bottom) / 2)
  context.fillStyle = colours.get('--soft')
  for (const seconds of ticks) drawTick(context, layout, seconds)
  line(context, left, axis, right, axis)
}

function drawTick(context, { left, right, axis, span }, seconds) {
  const x = right - ((seconds * 1000) / span) * (right - left)
  context.textAlign = seconds === 0 ? 'right' : x === left ? 'left' : 'center'
  context.fillText(seconds === 0 ? 'now' : `${seconds} s ago`, x, axis + 9)
}

/** When somebody has pressed a button. */
export function drawPresses({ context, colours, layout, x }, presses) {
  context.strokeStyle = colours.get('--soft')
  context.fillStyle = colours.get('--text')
  context.lineWidth = 1
  context.textAlign = 'left'
  presses.forEach(({ at, button }, index) => {
    context.setLineDash([3, 3])
    line(context, x(at), 2, x(at), layout.axis)
    context.setLineDash([])
    const begin = x(at) + 4
    const room = x(presses[index + 1]?.at ?? Number.POSITIVE_INFINITY) - begin
    const fits = begin >= layout.left && context.measureText(NAMES[button]).width + 2 < room
    if (fits) context.fillText(NAMES[button], begin, 9)
  })
}

function line(context, fromX, fromY, toX, toY) {
  context.beginPath()
  context.moveTo(fromX, fromY)
  context.lineTo(toX, toY)
  context.stroke()
}

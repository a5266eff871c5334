import { cross } from './draw-requests.mjs'

/** A line for each connection, WebSockets below the others. It ends with a red cross where the server has ended it. */
export function drawLanes({ context, colours, layout, x }, lanes, now) {
  const { top, size, gap } = layout.lanes
  const lost = new Path2D()
  const sorted = [...lanes].sort((a, b) => rankOf(a) - rankOf(b))
  sorted.forEach(({ kind, pieces }, index) => {
    const y = top + (index + 0.5) * size + (kind === 'WebSocket' ? gap : 0)
    for (const piece of pieces) {
      const end = Math.min(piece.to ?? now, now)
      if (piece.from > end) continue
      context.fillStyle = colours.of(piece.generation)
      context.fillRect(x(piece.from), y - size * 0.22, x(end) - x(piece.from), size * 0.44)
      if (piece.lost && piece.to <= now) cross(lost, x(piece.to), y, size * 0.4)
    }
  })
  context.strokeStyle = colours.get('--failed')
  context.lineWidth = 2
  context.stroke(lost)
}

function rankOf({ kind }) {
  return kind === 'WebSocket' ? 1 : 0
}

/** The range of the axis of latencies. Milliseconds. */
const [LOWEST, HIGHEST] = [1, 4000]

const RADIUS = 2.1

/** The position of a latency on its axis, which is logarithmic. */
export function yOf({ latencies: { top, bottom } }, latency) {
  const share = Math.log(Math.min(Math.max(latency, LOWEST), HIGHEST) / LOWEST) / Math.log(HIGHEST / LOWEST)
  return bottom - share * (bottom - top)
}

/** A dot for each answer, in the colour of the generation that gave it. */
export function drawLatencies({ context, colours, layout, x }, requests, now) {
  const paths = new Map()
  for (const [at, latency, generation, problem] of requests) {
    if (problem !== undefined || at > now) continue
    if (!paths.has(generation)) paths.set(generation, new Path2D())
    const [cx, cy] = [x(at), yOf(layout, latency)]
    paths.get(generation).moveTo(cx + RADIUS, cy)
    paths.get(generation).arc(cx, cy, RADIUS, 0, 2 * Math.PI)
  }
  for (const [generation, path] of paths) {
    context.fillStyle = colours.of(generation)
    context.fill(path)
  }
}

/** A red cross for each request that failed, at different heights, so that each can be seen. */
export function drawFailures({ context, colours, layout, x }, requests, now) {
  const { top, bottom } = layout.failures
  const path = new Path2D()
  requests.forEach(([at, , , problem]) => {
    if (problem === undefined || at > now) return
    // Spread by the digits of the time, so the heights are the same at each drawing.
    cross(path, x(at), top + 3 + (((at * 7) % 31) / 31) * (bottom - top - 6), 3)
  })
  context.strokeStyle = colours.get('--failed')
  context.lineWidth = 1.6
  context.stroke(path)
}

/** Adds a cross to a path. */
export function cross(path, x, y, size) {
  path.moveTo(x - size, y - size)
  path.lineTo(x + size, y + size)
  path.moveTo(x - size, y + size)
  path.lineTo(x + size, y - size)
}

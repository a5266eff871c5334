/** Below this width the picture is that of a phone. Pixels. */
const NARROW = 480

/** Below this width there is room for fewer times on the axis. Pixels. */
const NARROWEST = 300

/** The longest ones at the left edge. */
const LABELS = ['connections', 'WebSockets']

/**
 * Where everything stands on the canvas, in pixels from its top left corner, and how much of the past it shows, in
 * milliseconds.
 *
 * @param widthOf - of a text in a font
 */
export function layOut(width, height, widthOf) {
  const isNarrow = width < NARROW
  const ticks = width < NARROWEST ? [12, 6, 0] : isNarrow ? [15, 10, 5, 0] : [20, 15, 10, 5, 0]
  const font = `${isNarrow ? 11 : 12}px system-ui, sans-serif`
  const lane = isNarrow ? 6 : 8
  const row = isNarrow ? 17 : 20
  const axis = height - 16
  const processes = axis - 3 * (row + 2) - 2
  const lanes = processes - 12 * lane - 24
  return {
    width,
    height,
    left: Math.ceil(Math.max(...LABELS.map((label) => widthOf(label, font)))) + 10,
    right: width - 2,
    span: ticks[0] * 1000,
    ticks,
    failures: { top: 18, bottom: 44 },
    latencies: { top: 52, bottom: lanes - 12 },
    lanes: { top: lanes, size: lane, gap: 8 },
    processes: { top: processes, size: row, rows: 3 },
    axis,
    font
  }
}

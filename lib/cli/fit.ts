/** A line of a screen that may be too short for all of them. */
export interface Line {
  readonly text: string
  /** How soon it may be left out: the lines with the highest rank go first. A line without text separates blocks. */
  readonly rank: number
  /** Of lines with the same rank, the last one of the block that has most of them goes first. */
  readonly block: number
}

/** What people can do without first: lines of at least this rank. */
export const DETAIL = 6

/**
 * The lines that fit into so many rows, and how many others there are. All of them, if there is room; else without
 * details; else the brief ones, of which the least important are left out. A single row has the most important line.
 */
export function fit(full: readonly Line[], brief: readonly Line[], rows: number): string[] {
  if (full.length <= rows) return full.map(({ text }) => text)
  if (rows < 2) return shorten(brief, rows).map(({ text }) => text)
  const kept = fitsWithoutDetails(full, rows - 1) ? shorten(full, rows - 1) : shorten(brief, rows - 1)
  const others = countWritten(full) - countWritten(kept)
  const note = others > 0 ? [`… ${others} more line${others === 1 ? '' : 's'}; without --watch, status prints all`] : []
  return [...kept.map(({ text }) => text), ...note]
}

function fitsWithoutDetails(lines: readonly Line[], room: number): boolean {
  return tidy(lines.filter(({ rank }) => rank < DETAIL)).length <= room
}

/** Leaves out as few lines as possible. Each one more makes what is left shorter, or leaves it as long. */
function shorten(lines: readonly Line[], room: number): Line[] {
  const order = dispensableFirst(lines)
  const without = (count: number) => {
    const out = new Set(order.slice(0, count))
    return tidy(lines.filter((line) => !out.has(line)))
  }
  let [fewest, most] = [0, lines.length]
  while (fewest < most) {
    const count = Math.floor((fewest + most) / 2)
    if (without(count).length <= Math.max(room, 0)) most = count
    else fewest = count + 1
  }
  return without(fewest)
}

/**
 * In the order in which they go. Of equals, the last one of the block that has most of them goes first: of many workers
 * and one reload, a worker.
 */
function dispensableFirst(lines: readonly Line[]): Line[] {
  const sizes = new Map<string, number>()
  const placed = lines.map((line, position) => {
    const { rank, block } = line
    const size = (sizes.get(`${rank} ${block}`) ?? 0) + 1
    sizes.set(`${rank} ${block}`, size)
    return { line, rank, size, position }
  })
  return placed.sort((a, b) => b.rank - a.rank || b.size - a.size || b.position - a.position).map(({ line }) => line)
}

/** Without separators that separate nothing any more. */
function tidy(lines: readonly Line[]): Line[] {
  const kept: Line[] = []
  let separator: Line | undefined
  for (const line of lines) {
    if (line.text === '') separator = line
    else {
      if (separator !== undefined && kept.length > 0) kept.push(separator)
      kept.push(line)
      separator = undefined
    }
  }
  return kept
}

function countWritten(lines: readonly Line[]): number {
  return lines.filter(({ text }) => text !== '').length
}

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
 * details; else the brief ones, of which the least important are left out.
 */
export function fit(full: readonly Line[], brief: readonly Line[], rows: number): string[] {
  if (full.length <= rows) return full.map(({ text }) => text)
  const kept = shorten(full, rows - 1, DETAIL) ?? shorten(brief, rows - 1, Number.NEGATIVE_INFINITY) ?? []
  const others = countWritten(full) - countWritten(kept)
  const note = others > 0 ? [`… ${others} more line${others === 1 ? '' : 's'}; without --watch, status prints all`] : []
  return [...kept.map(({ text }) => text), ...note]
}

/** Leaves out as few lines as possible; undefined if all of at least that rank are not enough. */
function shorten(lines: readonly Line[], room: number, least: number): Line[] | undefined {
  let kept = tidy(lines)
  while (kept.length > Math.max(room, 0)) {
    const rank = Math.max(...kept.map((line) => line.rank))
    if (rank < least) return undefined
    const next = leastOf(kept.filter((line) => line.rank === rank))
    kept = tidy(kept.filter((line) => line !== next))
  }
  return kept
}

/** Of equals, the last one of the largest block: of many workers and one reload, a worker. */
function leastOf(equals: readonly Line[]): Line | undefined {
  const sizes = new Map<number, number>()
  for (const { block } of equals) sizes.set(block, (sizes.get(block) ?? 0) + 1)
  const largest = Math.max(...sizes.values())
  return equals.filter(({ block }) => sizes.get(block) === largest).at(-1)
}

/** Without separators that separate nothing any more. */
function tidy(lines: readonly Line[]): Line[] {
  const isNeeded = ({ text }: Line, index: number) =>
    text !== '' || (index > 0 && lines.slice(index + 1).some((one) => one.text !== '') && lines[index + 1]?.text !== '')
  const needed = lines.filter(isNeeded)
  return needed[0]?.text === '' ? needed.slice(1) : needed
}

function countWritten(lines: readonly Line[]): number {
  return lines.filter(({ text }) => text !== '').length
}

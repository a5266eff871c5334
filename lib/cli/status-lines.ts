import type { ControlStatus } from '../control/messages.js'
import { briefGroups, isServer } from './describe-brief.js'
import { statusGroups } from './describe-status.js'
import { fit, type Line } from './fit.js'
import type { Paint } from './paint.js'
import { painted, type Row } from './rows.js'

/**
 * What a short screen can do without, the highest first, by the names of the rows; 0: what the rest is about, such as
 * what a process waits for, what still drains, and how the last reload ended.
 */
const RANKS: Readonly<Record<string, number>> = {
  memory: 9,
  plugin: 8,
  node: 8,
  listeners: 7,
  uptime: 7,
  'asked by': 6,
  took: 6,
  launcher: 4,
  release: 4,
  open: 4,
  'cut off': 3,
  requests: 3,
  'waits for': 3,
  holds: 3,
  upgraded: 3,
  reloads: 3,
  restarts: 1
}

/** Of the line between two blocks: in a brief view it goes after the details. */
const SEPARATOR = 5

/** Of the line of a worker that only serves. */
const STEADY = 3

/** The lines of a status that fit on a screen with so many rows. */
export function statusLines(status: ControlStatus, rows: number, paint: Paint, now = Date.now()): string[] {
  const full = linesOf(statusGroups(status, now), 0, paint)
  return full.length <= rows
    ? fit(full, [], rows)
    : fit(full, linesOf(briefGroups(status, now), SEPARATOR, paint), rows)
}

function linesOf(groups: Row[][], separator: number, paint: Paint): Line[] {
  const texts = painted(groups, paint)
  return groups.flatMap((rows, block) => {
    const ranks = ranksOf(rows)
    const lines = (texts[block] ?? []).map((text, index): Line => ({ text, rank: ranks[index] ?? 0, block }))
    return block === 0 ? lines : [{ text: '', rank: separator, block: -1 }, ...lines]
  })
}

/** A row without a name has the rank of the one before. What belongs to a server of a brief view never stays alone. */
function ranksOf(rows: readonly Row[]): number[] {
  const ranks: number[] = []
  let server = -1
  for (const [index, [name, , style]] of rows.entries()) {
    const isSteady = style === 'good' && name !== 'last' && name !== 'phase'
    const rank = name === '' ? (ranks.at(-1) ?? 0) : isSteady ? STEADY : (RANKS[name] ?? 0)
    ranks.push(rank)
    if (isServer(name)) server = index
    else if (server >= 0) ranks[server] = Math.min(ranks[server] ?? 0, rank)
  }
  return ranks
}

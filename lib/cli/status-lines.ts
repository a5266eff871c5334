import type { ControlStatus } from '../control/messages.js'
import { briefGroups, isServer } from './describe-brief.js'
import { statusGroups } from './describe-status.js'
import { DETAIL, fit, type Line } from './fit.js'
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

/** A view and what can be left out of it. The line between two blocks goes after the details of a brief view. */
const FULL = { ranks: RANKS, separator: 0 }
const BRIEF = { ranks: { ...RANKS, release: DETAIL }, separator: 5 }

/** Of the line of a worker that only serves. */
const STEADY = 3

/** Of a version that differs from that of the launcher. */
const OTHER_VERSION = 4

/** The lines of a status that fit on a screen with so many rows. */
export function statusLines(status: ControlStatus, rows: number, paint: Paint, now = Date.now()): string[] {
  const full = linesOf(statusGroups(status, now), FULL, paint)
  return full.length <= rows ? fit(full, [], rows) : fit(full, linesOf(briefGroups(status, now), BRIEF, paint), rows)
}

function linesOf(groups: Row[][], view: typeof FULL, paint: Paint): Line[] {
  const texts = painted(groups, paint)
  return groups.flatMap((rows, block) => {
    const ranks = ranksOf(rows, view.ranks)
    const lines = (texts[block] ?? []).map((text, index): Line => ({ text, rank: ranks[index] ?? 0, block }))
    return block === 0 ? lines : [{ text: '', rank: view.separator, block: -1 }, ...lines]
  })
}

/** A row without a name has the rank of the one before. What belongs to a server of a brief view never stays alone. */
function ranksOf(rows: readonly Row[], named: typeof RANKS): number[] {
  const ranks: number[] = []
  let server = -1
  for (const [index, row] of rows.entries()) {
    const [name] = row
    const rank = name === '' ? (ranks.at(-1) ?? 0) : rankOf(row, named)
    ranks.push(rank)
    if (isServer(name)) server = index
    else if (server >= 0) ranks[server] = Math.min(ranks[server] ?? 0, rank)
  }
  return ranks
}

function rankOf([name, , style]: Row, named: typeof RANKS): number {
  if (style === 'good' && name !== 'last' && name !== 'phase') return STEADY
  if (style === 'notable' && (name === 'node' || name === 'plugin')) return OTHER_VERSION
  return named[name] ?? 0
}

import type { ComingBack, Return, Undoing } from './coming-back.js'
import { type Goal, none } from './goals.js'
import { asCount, asMilliseconds, type ComparisonRow, formatComparison } from './table.js'

type Pick = (one: Return) => number

const TOTALS: ReadonlyArray<[string, Pick]> = [
  ['reloads undone', () => 1],
  ['idle connections closed', ({ idle }) => idle.closed],
  ['idle connections: next request failed', ({ idle }) => idle.failed],
  ['idle connections: closed with their next answer', ({ idle }) => idle.announced],
  ['requests of the clients that ask', ({ seen }) => seen.requests],
  ['of them failed', ({ seen }) => seen.keepAliveFailed],
  ['of them given up: no answer, no end', ({ seen }) => seen.givenUp],
  ['their connections closed unannounced', ({ seen }) => seen.closedUnannounced],
  ['their connections closed announced', ({ seen }) => seen.closedAnnounced]
]

const SPREADS: ReadonlyArray<[string, Pick, (value: number) => string]> = [
  ['the child had served for', ({ moment }) => moment, asMilliseconds],
  ['connections it had by then', ({ moved }) => moved, asCount],
  ['until the parent serves again', ({ duration }) => duration, asMilliseconds],
  ['longest gap without an answer', ({ seen }) => seen.longestGap, asMilliseconds],
  ['worst latency', ({ seen }) => seen.worstLatency, asMilliseconds]
]

/** The connections after a reload was undone: totals of all reloads, then the spread from one to the next. */
export function tabulateComingBack({ undoings }: ComingBack): string {
  const all = (pick: Pick) => undoings.map(({ returns }) => returns.map(pick))
  const rows: ComparisonRow[] = [
    ...TOTALS.map(([name, pick]) => ({ name, values: all(pick).map((list) => [total(list)]), format: asCount })),
    ...SPREADS.map(([name, pick, format]) => ({ name, values: all(pick), format }))
  ]
  return formatComparison(
    undoings.map(({ name }) => name),
    rows
  )
}

/** Idle connections must survive, whatever happens to the child. */
export function comingBackGoals({ undoings }: ComingBack): Goal[] {
  return undoings.map(({ name, returns }) =>
    none(
      `child ${name} on probation: idle connections closed`,
      returns.map(({ idle }) => idle.closed)
    )
  )
}

/** All connections that were closed although nobody used them. */
export function idleClosed({ undoings }: ComingBack): number {
  return total(undoings.flatMap(({ returns }: Undoing) => returns.map(({ idle }) => idle.closed)))
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

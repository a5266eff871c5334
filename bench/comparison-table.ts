import { countLosses, type Reloading, type Result } from './comparison.js'
import { type Goal, none } from './goals.js'
import type { Party } from './party.js'
import { ratios } from './statistics.js'
import { asCount, asFactor, asMilliseconds, type ComparisonRow, formatCells, formatComparison } from './table.js'

type Pick = (reloading: Reloading) => number

const COUNTS: ReadonlyArray<[string, Pick]> = [
  ['failed requests: fresh clients', ({ seen }) => seen.freshFailed],
  ['failed requests: keep-alive clients', ({ seen }) => seen.keepAliveFailed],
  ['failed requests: idle clients, their next one', ({ idle }) => idle.failed],
  ['connections closed unannounced: keep-alive', ({ seen }) => seen.closedUnannounced],
  ['connections closed unannounced: idle', ({ idle }) => idle.closed],
  ['connections closed announced: keep-alive', ({ seen }) => seen.closedAnnounced],
  ['connections closed announced: idle', ({ idle }) => idle.announced]
]

const TIMES: ReadonlyArray<[string, Pick]> = [
  ['longest gap without an answer', ({ seen }) => seen.longestGap],
  ['longest gap, left alone', ({ besideBoot }) => besideBoot.longestGap],
  ['worst latency near a reload', ({ seen }) => seen.worstLatency],
  ['worst latency, left alone', ({ besideBoot }) => besideBoot.worstLatency],
  ['reload time', ({ duration }) => duration],
  ['cold boot, under the same load', ({ coldBoot }) => coldBoot]
]

const worstLatency: Pick = ({ seen }) => seen.worstLatency
const worstBesideBoot: Pick = ({ besideBoot }) => besideBoot.worstLatency
const duration: Pick = (reloading) => reloading.duration
const coldBoot: Pick = (reloading) => reloading.coldBoot

/** What each reload did to the clients: a column for each party. */
export function tabulateComparison(results: readonly Result[]): string {
  const all = (pick: Pick) => results.map(({ reloadings }) => reloadings.map(pick))
  const ratio = (name: string, value: Pick, base: Pick): ComparisonRow => {
    const bases = all(base)
    return { name, values: all(value).map((list, at) => ratios(list, bases[at] ?? [])), format: asFactor }
  }
  const rows: ComparisonRow[] = [
    ...COUNTS.map(([name, pick]) => ({ name, values: all(pick), format: asCount })),
    ratio('reload time / cold boot', duration, coldBoot),
    ratio('worst latency: reload / left alone', worstLatency, worstBesideBoot),
    ...TIMES.map(([name, pick]) => ({ name, values: all(pick), format: asMilliseconds }))
  ]
  return formatComparison(
    results.map(({ party }) => party.name),
    rows
  )
}

/** That clients lose nothing through this plugin; what they lose otherwise is no goal. */
export function comparisonGoals(results: readonly Result[], own: Party): Goal[] {
  const losses = reloadingsOf(results, own).map(countLosses)
  return [
    none(
      `requests failed in ${losses.length} reloads`,
      losses.map(({ failed }) => failed)
    ),
    none(
      `connections closed in ${losses.length} reloads`,
      losses.map(({ closed }) => closed)
    )
  ]
}

/** All reloads of one party. */
export function reloadingsOf(results: readonly Result[], party: Party): readonly Reloading[] {
  return results.find((result) => result.party.name === party.name)?.reloadings ?? []
}

/** All reloads together: a rare failure does not show in a median. */
export function tabulateTotals(results: readonly Result[]): string {
  const sum = ({ reloadings }: Result, pick: Pick) => asCount(reloadings.reduce((total, each) => total + pick(each), 0))
  const row = (name: string, pick: Pick) => [name, ...results.map((result) => sum(result, pick))]
  return formatCells([
    ['', ...results.map(({ party }) => party.name)],
    row('reloads', () => 1),
    row('requests near them, fresh and keep-alive', ({ seen }) => seen.requests),
    row('failed', ({ seen }) => seen.freshFailed + seen.keepAliveFailed),
    row('of them given up: no answer, no end', ({ seen }) => seen.givenUp),
    row('connections closed unannounced, keep-alive and idle', ({ seen, idle }) => seen.closedUnannounced + idle.closed)
  ])
}

import { type Goal, medianAtMost, none } from './goals.js'
import type { Migration, Move } from './migration.js'
import { DEFAULT_PROBATION } from './server.js'
import { quantile } from './statistics.js'
import { asCount, asFactor, asMebibytes, asMilliseconds, formatTable, type Row } from './table.js'

/** How long the last connection may take beyond the probation. Milliseconds. */
const GRACE = 1000
/** How long 99 of 100 requests may wait at most. Milliseconds. */
const SHORT = 2

/** How the connections moved, at once and over the probation. */
export function tabulateMigration({ atOnce, overProbation }: Migration): string {
  return formatTable([...rows('at once', atOnce), ...rows('over the probation', overProbation)])
}

/** What a reload with many idle connections may cost them. */
export function migrationGoals({ connections, atOnce, overProbation }: Migration): Goal[] {
  const many = `${asCount(connections)} idle connections`
  const moves = [...atOnce, ...overProbation]
  return [
    none(
      `${many}: closed`,
      moves.map(({ closed }) => closed)
    ),
    none(
      `${many}: requests failed`,
      moves.map(({ failed }) => failed)
    ),
    medianAtMost(
      `${many}: until the last has moved, over the probation`,
      overProbation.map(({ duration }) => duration),
      DEFAULT_PROBATION + GRACE,
      asMilliseconds
    ),
    medianAtMost(
      `${many}: wait meanwhile, 99th percentile, over the probation`,
      overProbation.map(({ waits }) => quantile(waits, 0.99)),
      SHORT,
      asMilliseconds
    )
  ]
}

function rows(how: string, moves: readonly Move[]): Row[] {
  const row = (name: string, pick: (move: Move) => number, format: Row['format']) => {
    return { name: `${how}: ${name}`, values: moves.map(pick), format }
  }
  return [
    row('connections moved', ({ moved }) => moved, asCount),
    row('connections closed', ({ closed }) => closed, asCount),
    row('requests failed', ({ failed }) => failed, asCount),
    row('until the last one has moved', ({ duration }) => duration, asMilliseconds),
    row(`that / (probation + ${GRACE / 1000} s)`, (move) => move.duration / (move.probation + GRACE), asFactor),
    row('connections moved per second', ({ moved, duration }) => (moved / duration) * 1000, asCount),
    row('longest wait of a request', ({ waits }) => quantile(waits, 1), asMilliseconds),
    row('wait, 99th percentile', ({ waits }) => quantile(waits, 0.99), asMilliseconds),
    row('before the reload: longest wait', ({ waitsBefore }) => quantile(waitsBefore, 1), asMilliseconds),
    row('before the reload: wait, 99th percentile', ({ waitsBefore }) => quantile(waitsBefore, 0.99), asMilliseconds),
    ...known([
      row('before the reload: memory of the parent', ({ memoryBefore }) => memoryBefore, asMebibytes),
      row('most memory of both processes', ({ memory }) => memory.parent + memory.child, asMebibytes),
      row('then: memory of the parent', ({ memory }) => memory.parent, asMebibytes),
      row('then: memory of the child', ({ memory }) => memory.child, asMebibytes)
    ])
  ]
}

/** Not every system tells how much memory another process has. */
function known(rows: readonly Row[]): Row[] {
  return rows.filter(({ values }) => !values.some(Number.isNaN))
}

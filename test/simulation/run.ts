import { type AnyKind, type Budget, planWith } from './kind.js'
import { KINDS } from './kinds.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { SERVER } from './server/kind.js'
import { explain, lineOf } from './trace.js'

/**
 * `npm run simulate`: `RUNS` random schedules of servers, from `SEED` on; with `-- launcher`, `-- connection` or
 * `-- balance`, of a launcher, of a connection that moves or of connections that spread. `npm run simulate -- all`: every
 * schedule with two faults, of all kinds, or with `-- all launcher` of one kind. Ends with 1 at the first schedule that
 * breaks an invariant, and when a search was cut after `STATES` states, unless `CUT=allowed`.
 */

/** How many states a search may have. */
const limit = process.env.STATES === undefined ? undefined : Number(process.env.STATES)

const named = KINDS.filter(({ name }) => process.argv.includes(name))
const problem = process.argv.includes('all') ? searchPairs() : runSeeds()
if (problem !== undefined) process.stdout.write(`${problem}\n`)
process.exitCode = problem === undefined ? 0 : 1

function runSeeds(): string | undefined {
  const [kind = SERVER as AnyKind] = named
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
  const runs = Number(process.env.RUNS ?? kind.runs.simulate)
  const begun = performance.now()
  let events = 0
  for (let index = 0; index < runs; index++) {
    const run = runRandom(kind, kind.machine, new Random(seed + index))
    events += run.events.length
    if (run.problem !== undefined)
      return `SEED=${seed + index} RUNS=1: ${run.problem}\n${explain(kind, kind.machine, run)}`
  }
  const seconds = (performance.now() - begun) / 1000
  const speed = `${seconds.toFixed(1)} s: ${Math.round(runs / seconds)} a second`
  process.stdout.write(`${runs} schedules of a ${kind.name} from seed ${seed}, ${events} events, ${speed}\n`)
  return undefined
}

function searchPairs(): string | undefined {
  let cut = 0
  for (const kind of named.length > 0 ? named : KINDS) {
    const { faultNames, pairs } = kind
    for (const [index, one] of faultNames.entries())
      for (const other of faultNames.slice(index)) {
        const budget = addTo(addTo(pairs.budget, one), other)
        const found = searchAll(kind, kind.machine, planWith(kind, pairs.rules, budget), limit)
        const { states, isCut, events } = found
        process.stdout.write(`${kind.name}: ${one}, ${other}: ${states} states${isCut ? ', cut' : ''}\n`)
        if (found.problem !== undefined) return `${found.problem}\n${events.map(lineOf).join('\n')}`
        if (isCut) cut++
      }
  }
  return cut > 0 && process.env.CUT !== 'allowed'
    ? `${cut} searches were cut: not every schedule was searched`
    : undefined
}

function addTo(budget: Budget, fault: string): Budget {
  return { ...budget, [fault]: (budget[fault] ?? 0) + 1 }
}

import { planWith } from './kind.js'
import { KINDS } from './kinds.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { SERVER } from './server/kind.js'
import { explain, lineOf } from './trace.js'

/**
 * `npm run simulate`: `RUNS` random schedules of servers, from `SEED` on; with `-- launcher` or `-- connection`, of a
 * launcher or of a connection. `npm run simulate -- all`: every schedule of a reload with two faults. Ends with 1 at
 * the first schedule that breaks an invariant.
 */

const problem = process.argv.includes('all') ? searchPairs() : runSeeds()
if (problem !== undefined) process.stdout.write(`${problem}\n`)
process.exitCode = problem === undefined ? 0 : 1

function runSeeds(): string | undefined {
  const kind = KINDS.find(({ name }) => process.argv.includes(name)) ?? SERVER
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
  const { faultNames, machine } = SERVER
  const pairs = faultNames.flatMap((one, index) => faultNames.slice(index).map((other) => [one, other] as const))
  for (const [one, other] of pairs) {
    const budget = { reload: 1, [one]: 1, [other]: one === other ? 2 : 1 }
    const { states, isCut, problem, events } = searchAll(SERVER, machine, planWith(SERVER, { saves: true }, budget))
    process.stdout.write(`${one}, ${other}: ${states} states${isCut ? ', cut' : ''}\n`)
    if (problem !== undefined) return `${problem}\n${events.map(lineOf).join('\n')}`
  }
  return undefined
}

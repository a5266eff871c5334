import * as launcher from '../../lib/protocol/launcher.js'
import * as machine from '../../lib/protocol/server.js'
import * as launched from './launcher/schedule.js'
import { explain as explainLaunched } from './launcher/trace.js'
import { Random } from './random.js'
import { FAULTS } from './rules.js'
import { runRandom } from './schedule.js'
import { searchAll } from './search.js'
import { explain, lineOf } from './trace.js'

/**
 * `npm run simulate`: random schedules, `RUNS` of them from `SEED` on. `npm run simulate -- all`: every schedule of a reload with
 * two faults. `npm run simulate -- launcher`: random schedules of a launcher. Ends with 1 at the first that breaks an invariant.
 */

if (process.argv.includes('all')) searchPairs()
else if (process.argv.includes('launcher'))
  runLaunchers(Number(process.env.SEED ?? Date.now() % 1_000_000_000), Number(process.env.RUNS ?? 100_000))
else runSeeds(Number(process.env.SEED ?? Date.now() % 1_000_000_000), Number(process.env.RUNS ?? 1_000_000))

function runSeeds(seed: number, runs: number): void {
  const begun = performance.now()
  let events = 0
  for (let index = 0; index < runs; index++) {
    const run = runRandom(machine, new Random(seed + index))
    events += run.events.length
    if (run.problem === undefined) continue
    process.stdout.write(`SEED=${seed + index} RUNS=1: ${run.problem}\n${explain(machine, run)}\n`)
    process.exitCode = 1
    return
  }
  const seconds = (performance.now() - begun) / 1000
  process.stdout.write(
    `${runs} schedules from seed ${seed}, ${events} events, ${seconds.toFixed(1)} s: ${Math.round(runs / seconds)} a second\n`
  )
}

function runLaunchers(seed: number, runs: number): void {
  const machines = { launcher, server: machine }
  for (let index = 0; index < runs; index++) {
    const run = launched.runRandom(machines, new Random(seed + index))
    if (run.problem === undefined) continue
    process.stdout.write(`SEED=${seed + index} RUNS=1: ${run.problem}\n${explainLaunched(machines, run)}\n`)
    process.exitCode = 1
    return
  }
  process.stdout.write(`${runs} schedules of a launcher from seed ${seed}\n`)
}

function searchPairs(): void {
  const pairs = FAULTS.flatMap((one, index) => FAULTS.slice(index).map((other) => [one, other] as const))
  for (const [one, other] of pairs) {
    const budget = { reload: 1, [one]: 1, [other]: one === other ? 2 : 1 }
    const rules = { timers: 'any', network: 'slow', saves: true, launched: false } as const
    const { states, isCut, problem, trace } = searchAll(machine, rules, budget)
    process.stdout.write(`${one}, ${other}: ${states} states${isCut ? ', cut' : ''}\n`)
    if (problem === undefined) continue
    process.stdout.write(`${problem}\n${trace.map(lineOf).join('\n')}\n`)
    process.exitCode = 1
    return
  }
}

import * as machine from '../../lib/protocol/server.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { explain } from './trace.js'

/** `npm run simulate`: random schedules, `RUNS` of them from `SEED` on. Ends with 1 at the first that breaks an invariant. */

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
const runs = Number(process.env.RUNS ?? 1_000_000)
const begun = performance.now()
let steps = 0
for (let index = 0; index < runs; index++) {
  const run = runRandom(machine, new Random(seed + index))
  steps += run.events.length
  if (run.problem === undefined) continue
  process.stdout.write(`SEED=${seed + index} RUNS=1: ${run.problem}\n${explain(machine, run)}\n`)
  process.exit(1)
}
const seconds = (performance.now() - begun) / 1000
process.stdout.write(
  `${runs} schedules from seed ${seed}, ${steps} events, ${seconds.toFixed(1)} s: ${Math.round(runs / seconds)} a second\n`
)

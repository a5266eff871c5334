import { test } from 'tap'
import { KINDS } from './kinds.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { explain, lineOf } from './trace.js'

const SEED = 1

for (const kind of KINDS) {
  const { machine, runs, limits } = kind
  test(`no invariant breaks in ${runs.test} random schedules of a ${kind.name}`, async (t) => {
    const happened = new Set<string>()
    for (let seed = SEED; seed < SEED + runs.test; seed++) {
      const run = runRandom(kind, machine, new Random(seed))
      if (run.problem !== undefined)
        return t.fail(`SEED=${seed} RUNS=1 npm run simulate -- ${kind.name}\n${explain(kind, machine, run)}`)
      for (const event of run.events) happened.add(lineOf(event))
    }
    const kinds = new Set([...happened].map((line) => line.replace(/^[1-9]\d*/, 'n').replace(/ \d+$/, '')))
    for (const limit of limits) t.ok(kinds.has(limit), `the limit "${limit}" was met`)
  })
}

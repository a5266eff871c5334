import { test } from 'tap'
import * as machine from '../../lib/protocol/server.js'
import { Random } from './random.js'
import { runRandom } from './schedule.js'
import { explain } from './trace.js'

const RUNS = 100_000
const SEED = 1

test(`no invariant breaks in ${RUNS} random schedules`, async (t) => {
  const events = new Set<string>()
  for (let index = 0; index < RUNS; index++) {
    const run = runRandom(machine, new Random(SEED + index))
    if (run.problem !== undefined)
      return t.fail(`SEED=${SEED + index} RUNS=1 npm run simulate\n${explain(machine, run)}`)
    for (const { act, detail } of run.events) events.add(act === 'work' || act === 'due' ? `${act} ${detail}` : act)
  }
  // A schedule that never meets a limit proves nothing about it.
  for (const timer of [
    'ready',
    'probation',
    'confirm',
    'kill',
    'tell',
    'claims',
    'boot',
    'word',
    'load',
    'settle',
    'stop'
  ]) {
    t.ok(events.has(`due ${timer}`), `the limit "${timer}" was met`)
  }
})

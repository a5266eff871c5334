import { test } from 'tap'
import * as launcher from '../../../lib/protocol/launcher.js'
import * as server from '../../../lib/protocol/server.js'
import { Random } from '../random.js'
import { runRandom } from './schedule.js'
import { explain } from './trace.js'

const RUNS = 8000
const SEED = 1

const machines = { launcher, server }

test(`no invariant breaks in ${RUNS} random schedules of a launcher`, async (t) => {
  const events = new Set<string>()
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const run = runRandom(machines, new Random(seed))
    if (run.problem !== undefined)
      return t.fail(`SEED=${seed} RUNS=1 npm run simulate -- launcher\n${explain(machines, run)}`)
    for (const { process, act, detail } of run.events)
      events.add(process === 0 && act === 'due' ? `due ${detail.split(' ')[0]}` : act)
  }
  // A schedule that never meets a limit proves nothing about it.
  for (const timer of ['restart', 'share', 'boot', 'steady', 'stop', 'force', 'kill', 'silence', 'grow', 'tell'])
    t.ok(events.has(`due ${timer}`), `the limit "${timer}" was met`)
  t.ok(events.has('silent'), 'a server fell silent')
})

import { test } from 'tap'
import * as launcher from '../../../lib/protocol/launcher.js'
import * as server from '../../../lib/protocol/server.js'
import type { Fault } from './rules.js'
import { searchAll } from './search.js'
import { lineOf } from './trace.js'

/** Those that leave the system small enough. A server that ends, stalls or fails is for the random schedules. */
const SMALL: readonly Fault[] = ['reload', 'stop', 'force', 'signal', 'launcher dies', 'launcher stalls', 'no start']

const rules = { workers: 1, timers: 'in order', network: 'prompt', saves: false } as const

for (const fault of SMALL) {
  test(`every schedule of a launcher with one worker, one reload and one ${fault}`, async (t) => {
    const budget = fault === 'reload' ? { reload: 1 } : { reload: 1, [fault]: 1 }
    const { states, problem, trace, isCut } = searchAll({ launcher, server }, rules, budget)
    t.comment(`${states} states`)
    t.notOk(isCut, 'all were searched')
    t.equal(problem, undefined, trace.map(lineOf).join('\n'))
  })
}

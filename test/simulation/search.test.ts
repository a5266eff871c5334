import { test } from 'tap'
import * as machine from '../../lib/protocol/server.js'
import { type Budget, FAULTS, type Fault, type Rules } from './rules.js'
import { searchAll } from './search.js'
import { lineOf } from './trace.js'

const free = { timers: 'any', network: 'slow', launched: false } as const

/** Two reloads are for `npm run simulate -- all`; and only a launcher has several workers. */
const ELSEWHERE: readonly Fault[] = ['signal', 'supervised', 'undo']

const rows: Array<{ title: string; rules: Rules; budget: Budget }> = [true, false].flatMap((saves) =>
  FAULTS.filter((fault) => !ELSEWHERE.includes(fault)).map((fault) => ({
    title: `one reload and one ${fault}, ${saves ? 'with' : 'without'} state`,
    rules: { ...free, saves },
    budget:
      fault === 'reload'
        ? { reload: 1 }
        : fault === 'overtake'
          ? { reload: 1, kill: 1, overtake: 1 }
          : { reload: 1, [fault]: 1 }
  }))
)

rows.push(
  {
    title: 'a stalled parent whose child dies',
    rules: { ...free, saves: false },
    budget: { reload: 1, stall: 1, kill: 1 }
  },
  {
    title: 'a child that gives back while its parent stalls',
    rules: { ...free, saves: false },
    budget: { reload: 1, stall: 1, 'roll back': 1 }
  },
  {
    title: 'a reload of all workers that is undone',
    rules: { ...free, saves: true, launched: true },
    budget: { supervised: 1, undo: 1 }
  },
  {
    title: 'a reload of all workers, and an error',
    rules: { ...free, saves: false, launched: true },
    budget: { supervised: 1, error: 1 }
  }
)

for (const { title, rules, budget } of rows) {
  test(`every schedule of ${title}`, async (t) => {
    const { states, problem, trace, isCut } = searchAll(machine, rules, budget)
    t.comment(`${states} states`)
    t.notOk(isCut, 'all were searched')
    t.equal(problem, undefined, trace.map(lineOf).join('\n'))
  })
}

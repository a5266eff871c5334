import { test } from 'tap'
import { planWith } from './kind.js'
import { KINDS } from './kinds.js'
import { searchAll } from './search.js'
import { lineOf } from './trace.js'

for (const kind of KINDS)
  for (const { title, rules, budget } of kind.searches)
    test(`every schedule of a ${kind.name}: ${title}`, async (t) => {
      const { states, problem, events, isCut } = searchAll(kind, kind.machine, planWith(kind, rules, budget))
      t.comment(`${states} states`)
      t.notOk(isCut, 'all were searched')
      t.equal(problem, undefined, events.map(lineOf).join('\n'))
    })

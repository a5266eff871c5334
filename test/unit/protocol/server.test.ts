import { test } from 'tap'
import * as machine from '../../../lib/protocol/server.js'
import { inputOf, NAMES } from './inputs.js'
import { problemOfTable, updateTable } from './server-table.js'

test('the machine keeps to its table', async (t) => {
  if (process.env.UPDATE_TABLE === '1') updateTable(machine)
  else t.equal(problemOfTable(machine), undefined, 'or run it with UPDATE_TABLE=1, and review the difference')
})

test('a process that is closed does nothing but refuse, and exits when it is forced', async (t) => {
  const [closed] = machine.step(machine.begin('first', false), inputOf('force'))
  for (const name of NAMES) {
    const [next, effects] = machine.step(closed, inputOf(name))
    t.equal(next.at.name, 'closed', name)
    t.notOk(
      effects.some((effect) => !['refuse', 'kill child', 'cancel', 'exit'].includes(effect.do)),
      name
    )
  }
})

import { test } from 'tap'
import * as machine from '../../../lib/protocol/launcher.js'
import { problemOfTable, updateTable } from './launcher-table.js'

test('the launcher keeps to its table', async (t) => {
  if (process.env.UPDATE_TABLE === '1') updateTable(machine)
  else t.equal(problemOfTable(machine), undefined, 'or run it with UPDATE_TABLE=1, and review the difference')
})

test('the server that accepts at a worker is the successor, as soon as that serves', async (t) => {
  const { acceptingOf, begin, currentOf, isLast, step } = machine
  const inputs = [
    { type: 'start' },
    { type: 'started', server: 0 },
    { type: 'said', server: 0, word: { type: 'serves', ownSignals: false } },
    { type: 'said', server: 0, word: { type: 'start child', child: 1 } },
    { type: 'started', server: 1 },
    { type: 'said', server: 1, word: { type: 'serves', ownSignals: false } },
    { type: 'said', server: 1, word: { type: 'leaves', isError: false } },
    { type: 'said', server: 0, word: { type: 'leaves', isError: false } }
  ] as const
  let state = begin(1)
  const seen = inputs.map((input) => {
    state = step(state, input)[0]
    return [acceptingOf(state, 0)?.id, currentOf(state, 0)?.id, isLast(state, state.workers[0] as never)]
  })
  t.strictSame(seen, [
    [undefined, undefined, false],
    [undefined, 0, false],
    [0, 0, false],
    [0, 0, false],
    [0, 0, false],
    [1, 0, false],
    [0, 0, false],
    [undefined, 0, true]
  ])
})

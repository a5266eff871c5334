import t from 'tap'
import { checkStepOf, stepOf } from '../../../lib/protocol/reload-step.js'
import { begin, type Input, type Place, step, type Timer } from '../../../lib/protocol/server.js'
import { inputOf } from './inputs.js'

/** Where the first generation is when it serves and has heard this. */
function placeAfter(...names: string[]): Place {
  const inputs: Input[] = [{ type: 'progress', listening: true, complete: true }, ...names.map(inputOf)]
  return inputs.reduce((server, input) => step(server, input)[0], begin('first', false)).at
}

const due = (timer: Timer): string => `due ${timer}`

const READY = ['reload', 'approved with state', 'started', 'child ready']
const PROBATION = [...READY, 'saved', 'child serving']

t.test('how far a reload has come', async (t) => {
  const steps = [
    [['reload'], 'asking hooks', 'preparing'],
    [READY.slice(0, 2), 'starting', 'preparing'],
    [READY.slice(0, 3), 'booting', 'booting'],
    [READY, 'saving', 'handing over'],
    [[...READY, 'saved'], 'handing over', 'handing over'],
    [[...READY, 'not saved'], 'cancelling', 'cancelling'],
    [PROBATION, 'probation', 'probation'],
    [[...PROBATION, due('probation')], 'confirming', 'confirming'],
    [[...PROBATION, 'undo'], 'undoing', 'rolling back'],
    [[...PROBATION, due('probation'), due('confirm')], 'killing', 'rolling back']
  ] as const
  for (const [names, stage, wanted] of steps) {
    const at = placeAfter(...names)
    t.match(at, { stage })
    t.equal(at.name === 'reloading' || at.name === 'parent' ? stepOf(at) : undefined, wanted)
  }
  const passed = { ...(placeAfter(...PROBATION) as Extract<Place, { name: 'parent' }>), stage: 'passed' } as const
  t.equal(stepOf(passed), 'confirming')
})

t.test('how far a check has come', async (t) => {
  const check = { reason: 'why', asks: [], supervised: false }
  const at = { name: 'checking', check, child: 1, saves: true, failure: undefined } as const
  const steps = [
    ['starting', 'preparing'],
    ['booting', 'booting'],
    ['saving', 'checking'],
    ['trying', 'checking'],
    ['ending', 'ending'],
    ['killing', 'cancelling']
  ] as const
  for (const [stage, wanted] of steps) t.equal(checkStepOf({ ...at, stage }), wanted)
})

import t from 'tap'
import { Host } from '../../../lib/process/host.js'

t.test('nothing that throws keeps the machine from its next effects and inputs', async (t) => {
  const done: string[] = []
  const machine = {
    start: 0,
    name: 'counter',
    begin: {},
    step: (state: number, input: { type: string }) =>
      [state + 1, [{ do: `throw ${input.type}` }, { do: input.type }]] as const,
    placeOf: (state: number) => state
  }
  const host = new Host(machine, {
    carryOut: (effect: { do: string }) => {
      if (effect.do === 'throw once') throw new Error('outside')
      if (effect.do === 'throw again') return Promise.reject(new Error('later'))
      done.push(effect.do)
    },
    failed: () => {
      throw new Error('the log fails as well')
    },
    rested: () => done.push('rested')
  })
  host.tell({ type: 'once' })
  host.tell({ type: 'again' })
  await new Promise(setImmediate)
  t.strictSame(done, ['once', 'rested', 'again', 'rested'])
  t.equal(host.state, 2)
})

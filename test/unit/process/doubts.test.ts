import t from 'tap'
import { doubtsOf } from '../../../lib/process/doubts.js'
import { resolveOptions } from '../../../lib/process/resolved-options.js'

t.test('durations that look like seconds are doubted', async (t) => {
  for (const [name, value] of [
    ['drainTimeout', 20],
    ['drainTimeout', 99],
    ['readyTimeout', 30],
    ['reloadDrainTimeout', 60],
    ['closeTimeout', 5],
    ['lameDuck', 5],
    ['probation', 3],
    ['websocketCloseWindow', 2]
  ] as const)
    t.strictSame(doubtsOf(resolveOptions({ [name]: value })), [
      `option ${name} is ${value} milliseconds; if seconds are meant, it must be ${value * 1000}`
    ])
  t.strictSame(doubtsOf(resolveOptions({ health: { checkTimeout: 2, hangTimeout: 5 } })), [
    'option health.checkTimeout is 2 milliseconds; if seconds are meant, it must be 2000',
    'option health.hangTimeout is 5 milliseconds; if seconds are meant, it must be 5000'
  ])
  t.equal(doubtsOf(resolveOptions({ drainTimeout: 20, probation: 3 })).length, 2)
})

t.test('others are not', async (t) => {
  for (const options of [
    {},
    { drainTimeout: 0, lameDuck: 0, probation: 0, health: { hangTimeout: 0 } },
    { health: false } as const,
    { drainTimeout: 100, readyTimeout: 100, lameDuck: 100, probation: 50 }
  ])
    t.strictSame(doubtsOf(resolveOptions(options)), [])
})

import { once } from 'node:events'
import t from 'tap'
import { type Gift, Giving } from '../../../lib/connections/giving.js'

for (const { who, isOutOfReach, expected } of [
  { who: 'that has ended', isOutOfReach: undefined, expected: ['read on', 'refused'] },
  { who: 'that is gone, as the system says', isOutOfReach: () => false, expected: ['read on', 'refused'] },
  // Its answer may have been lost, and it reads.
  { who: 'that lives', isOutOfReach: () => true, expected: ['let go', 'abandoned'] }
] as const) {
  t.test(`a connection offered to a process ${who}, and the channel has ended`, async (t) => {
    const done: string[] = []
    await new Promise<void>((resolve) => {
      const gift: Gift = {
        offer: async () => {},
        say: () => Promise.reject(new Error('the channel has ended')),
        isAtRest: () => true,
        readOn: () => done.push('read on'),
        letGo: () => done.push('let go'),
        concluded: (outcome) => done.push(outcome),
        forgotten: resolve,
        ...(isOutOfReach && { isOutOfReach })
      }
      new Giving('http', { answer: 1, limit: 10_000 }, gift)
    })
    t.strictSame(done, expected)
  })
}

const QUIET: Gift = {
  offer: async () => {},
  say: async () => {},
  isAtRest: () => true,
  readOn: () => {},
  letGo: () => {},
  concluded: () => {},
  forgotten: () => {}
}

t.test('an offer that throws at once is not sent', async (t) => {
  const outcome = await new Promise((concluded) => {
    const offer = () => {
      throw new Error('cannot be written')
    }
    new Giving('http', { answer: 10_000, limit: 10_000 }, { ...QUIET, offer, concluded })
  })
  t.equal(outcome, 'refused')
})

t.test('a step that throws is reported, and those after it are done', async (t) => {
  const warned = once(process, 'warning')
  const outcome = new Promise((concluded) => {
    const readOn = () => {
      throw new Error('the handle is closed')
    }
    const giving = new Giving('http', { answer: 10_000, limit: 10_000 }, { ...QUIET, readOn, concluded })
    giving.answered(false)
  })
  t.equal(await outcome, 'refused')
  t.match(await warned, [{ message: 'fastify-graceful-reload: internal step "read on" failed: the handle is closed' }])
})

t.test('a connection whose release cannot be said stays', async (t) => {
  const done: string[] = []
  const outcome = new Promise((concluded) => {
    const say = (word: string) => {
      if (word === 'released') throw new Error('cannot be written')
      return Promise.resolve()
    }
    const gift = { ...QUIET, say, readOn: () => done.push('read on'), concluded }
    new Giving('surplus', { answer: 10_000, limit: 10_000 }, gift).answered(true)
  })
  t.equal(await outcome, 'stays')
  t.strictSame(done, ['read on'])
})

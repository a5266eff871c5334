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

import t from 'tap'
import { unlessSeen } from '../../../lib/util/unless-seen.js'
import { within } from '../../../lib/util/within.js'
import { stallWith } from '../../support/stall.js'

t.test('what came while this process stood still counts, although a limit was over before', async (t) => {
  for (const wait of [
    (answer: Promise<string>) => within(answer, 1, 'the answer'),
    (answer: Promise<string>) => unlessSeen(answer, () => 'nothing', 1)
  ])
    t.equal(
      await stallWith(async (heard) => {
        let hear!: (answer: string) => void
        const answer = new Promise<string>((resolve) => {
          hear = resolve
        })
        heard(() => hear('answer'))
        return wait(answer)
      }),
      'answer'
    )
})

t.test('an answer that does not come is waited for no longer', async (t) => {
  const never = new Promise<string>(() => {})
  await t.rejects(within(never, 1, 'the answer'), { message: 'the answer took longer than 1 ms' })
  const seen = ['', '', 'something']
  t.equal(await unlessSeen(never, () => seen.shift() || undefined, 1), 'something')
  t.strictSame(seen, [], 'it looks as often as it must')
})

t.test('what has failed meanwhile fails', async (t) => {
  const failed = Promise.reject(new Error('no'))
  await t.rejects(within(failed, 60_000, 'the answer'), { message: 'no' })
  await t.rejects(
    unlessSeen(failed, () => undefined, 60_000),
    { message: 'no' }
  )
})

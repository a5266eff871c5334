import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { TogetherAnswers } from '../../../lib/connections/together-answers.js'

/** Longer than this file takes. Milliseconds. */
const LONG = 2 ** 30

t.test('connections that came together are answered with one message', async (t) => {
  const sent: number[][] = []
  const answers = new TogetherAnswers(async (ids) => sent.push(ids), LONG)
  const first = [answers.taken(1, 2), answers.taken(2, 1)]
  await turn()
  t.strictSame(sent, [], 'one is still to come')
  await Promise.all([...first, answers.taken(3, 0)])
  await answers.taken(4, 0)
  t.strictSame(sent, [[1, 2, 3], [4]])
})

t.test('one that is lost on the way keeps the answers to the others back for a moment only', async (t) => {
  const sent: number[][] = []
  const answers = new TogetherAnswers(async (ids) => sent.push(ids))
  await Promise.all([answers.taken(1, 3), answers.taken(2, 2)])
  t.strictSame(sent, [[1, 2]])
  const next = answers.taken(5, 1)
  await Promise.all([next, answers.taken(6, 0)])
  t.strictSame(
    sent,
    [
      [1, 2],
      [5, 6]
    ],
    'what came too late has no part in the next ones'
  )
})

t.test('each learns whether the answer could be sent', async (t) => {
  const answers = new TogetherAnswers(async () => false)
  t.strictSame(await Promise.all([answers.taken(1, 1), answers.taken(2, 0)]), [false, false])
})

t.test('when the last one is refused, the others wait no longer', async (t) => {
  const sent: number[][] = []
  const answers = new TogetherAnswers(async (ids) => sent.push(ids), LONG)
  const first = answers.taken(1, 1)
  answers.flush()
  t.strictSame(sent, [[1]])
  await first
  answers.flush()
  t.strictSame(sent, [[1]], 'nothing waits')
})

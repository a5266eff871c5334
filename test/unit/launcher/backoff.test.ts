import t from 'tap'
import { restartPause } from '../../../lib/launcher/backoff.js'

t.test('the first restart comes at once, the others after growing pauses with a limit', async (t) => {
  const pauses = Array.from({ length: 12 }, (_, index) => restartPause(index + 1, 0))
  t.strictSame(pauses, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000])
})

t.test('pauses differ, so that workers which crash together do not start together', async (t) => {
  t.strictSame(
    [1, 2, 3, 6, 20].map((crashes) => restartPause(crashes, 1)),
    [0, 80, 160, 1280, 8000]
  )
  t.equal(restartPause(2, 0.5), 90)
})

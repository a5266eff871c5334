import t from 'tap'
import { Restarts } from '../../../lib/launcher/backoff.js'

const LONG = 10_000

t.test('the first restart comes at once, the others after growing pauses, and then there is none', async (t) => {
  const restarts = new Restarts()
  const pauses = Array.from({ length: 6 }, () => restarts.crashed(LONG - 1))
  t.strictSame(pauses, [0, 100, 200, 400, 800, undefined])
})

t.test('a server that has run for long begins a new count', async (t) => {
  const restarts = new Restarts()
  for (let crash = 0; crash < 4; crash++) restarts.crashed(0)
  t.equal(restarts.crashed(LONG), 0)
  t.equal(restarts.crashed(0), 100)
})

t.test('new code begins a new count', async (t) => {
  const restarts = new Restarts()
  for (let crash = 0; crash < 5; crash++) restarts.crashed(0)
  restarts.forget()
  t.equal(restarts.crashed(0), 0)
})

import t from 'tap'
import { Restarts } from '../../../lib/launcher/restarts.js'
import type { Server } from '../../../lib/launcher/server.js'

const lost = (pid: number, exitCode: number | null): Server =>
  ({ pid, ending: exitCode === null ? undefined : { exitCode, signal: null } }) as unknown as Server

t.test('how often, why, and when the next one starts', async (t) => {
  const restarts = new Restarts()
  t.strictSame(restarts.of(1, false), { count: 0 })
  restarts.add(1, lost(20, 3), 0)
  restarts.add(1, lost(21, 4), 10_000)
  const { next, ...known } = restarts.of(1, true)
  t.strictSame(known, { count: 2, last: { pid: 21, exitCode: 4, signal: null } })
  t.ok(next !== undefined && next <= 10_000 && next >= 0, String(next))
  t.strictSame(restarts.of(1, false), known, 'it has been started')
  restarts.add(0, lost(22, null), 0)
  t.match(
    restarts.of(0, true),
    { last: { pid: 22, exitCode: null, signal: null }, next: 0 },
    'it still finishes its work'
  )
  restarts.keep([0])
  t.strictSame(restarts.of(1, false), { count: 0 }, 'the worker is no longer there')
})

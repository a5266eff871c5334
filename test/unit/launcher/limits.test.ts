import t from 'tap'
import { limitOf } from '../../../lib/launcher/limits.js'
import type { Service } from '../../../lib/launcher/server.js'

const SERVICE = { readyTimeout: 20_000, times: { reload: 23_000, stop: 34_000 } } as Service
const WAITING = { do: 'wait', timer: 'turn', id: 0, step: 'waiting' } as const
const HOUR = 3_600_000

t.test('a reload waits for a server that boots, which has had some of its time', async (t) => {
  const waiting = { ...WAITING, awaits: 'boot' } as const
  t.equal(limitOf(waiting, SERVICE, 10_000), 20_000)
  t.equal(limitOf(waiting, SERVICE, HOUR), 0)
  t.equal(limitOf(waiting, SERVICE, 31_000, 120_000), 89_000, 'as long as it has said that it may take')
  t.equal(limitOf(waiting, SERVICE, 10_000, 5000), 20_000)
})

t.test('a reload waits for the end of a server that leaves, however long that has served', async (t) => {
  const waiting = { ...WAITING, awaits: 'end' } as const
  t.equal(limitOf(waiting, SERVICE, HOUR), 44_000)
  t.equal(limitOf(waiting, { ...SERVICE, times: { reload: 0, stop: 1000 } }, HOUR), 30_000)
})

t.test('a reload waits for a server that is being started in place of one that has ended', async (t) => {
  t.equal(limitOf(WAITING, SERVICE, HOUR), 30_000)
})

t.test('a signal that may mean the end is decided when a stop would have to be over', async (t) => {
  t.equal(limitOf({ do: 'wait', timer: 'signal', id: 0 }, SERVICE, HOUR), 44_000)
})

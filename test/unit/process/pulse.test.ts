import t from 'tap'
import { LAUNCHER_PAUSE, Pulse } from '../../../lib/process/pulse.js'

t.test('a launcher that says something each second does not stand still', async (t) => {
  const pulse = new Pulse()
  for (const now of [1000, 2000, 3000, 4000]) pulse.beat(now)
  t.equal(pulse.heardAt, 4000)
  t.notOk(pulse.hasPaused(1000, 4000 + LAUNCHER_PAUSE))
  t.ok(pulse.hasPaused(1000, 4001 + LAUNCHER_PAUSE))
})

t.test('one that has stood still since a question may have passed it on only now', async (t) => {
  const pulse = new Pulse()
  for (const now of [1000, 5000, 6000]) pulse.beat(now)
  t.ok(pulse.hasPaused(1000, 6000))
  t.ok(pulse.hasPaused(4999, 6000))
  t.notOk(pulse.hasPaused(5000, 6000), 'a question of later')
})

import t from 'tap'
import { Load } from '../../support/load.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { startServer } from '../../support/start.js'

t.test('200 busy connections move through the launcher, reload after reload', async (t) => {
  const server = await startServer(t, {
    launcher: [],
    script: 'migration.cjs',
    config: { options: { probation: 700 } }
  })
  const load = new Load(await PersistentClient.openMany(server.target(), 180), { pause: 20 })
  // These do not wait for answers: there is always something on its way to a connection that moves.
  const openLoop = new Load(await PersistentClient.openMany(server.target(), 20, 4), { every: 100 })
  await Promise.all([load.reached(1), openLoop.reached(1)])
  for (const generation of [2, 3]) {
    await server.reload()
    await Promise.all([load.reached(generation), openLoop.reached(generation)])
  }
  for (const report of [await load.stop(), await openLoop.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
  }
  const moved = server.events((line) => line.fixture === 'connected' && line.pid !== server.pid)
  t.equal(moved.length, 400, 'each of them moved in each reload')
  t.equal(await server.stop(), 0)
})

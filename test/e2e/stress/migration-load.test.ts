import t from 'tap'
import { Load } from '../../support/load.js'
import { checkMoved, openIdle, reloadAndCount } from '../../support/moving.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { startServer } from '../../support/start.js'

const script = 'migration.cjs'
const RELOADS = 3

t.test(`200 connections that never pause see nothing of ${RELOADS} reloads`, async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 1_000 } } })
  const target = server.target()
  const clients = await PersistentClient.openMany(target, 180)
  const load = new Load(clients, { pause: 0 })
  // These do not wait for answers: there is always something on its way to a connection that moves.
  const eager = await PersistentClient.openMany(target, 20, 4)
  const openLoop = new Load(eager, { every: 20 })
  await Promise.all([load.reached(1), openLoop.reached(1)])
  for (let generation = 2; generation <= RELOADS + 1; generation++) {
    t.equal(await server.reload(), await server.serving(generation))
    await Promise.all([load.reached(generation), openLoop.reached(generation)])
  }
  let requests = 0
  for (const report of [await load.stop(), await openLoop.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
    requests += report.requests
  }
  await server.heard()
  const moved = server.events((line) => line.fixture === 'connected' && line.pid !== server.pid)
  t.equal(moved.length, RELOADS * 200, 'each connection moved in each reload')
  t.strictSame(server.events('forced'), [])
  t.comment(
    `${requests} requests, longest wait ${Math.round(Math.max(...clients.map(({ longestWait }) => longestWait)))} ms`
  )
})

t.test('2000 idle connections move', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 1_500 } } })
  const connections = []
  while (connections.length < 2_000) connections.push(...(await openIdle(server.target(), 100)))
  t.comment(`${await reloadAndCount(server)} moved within the probation`)
  await checkMoved(t, connections, server.current)
  await server.heard()
  t.equal(server.events((line) => line.fixture === 'connected' && line.pid === server.current).length, 2_000)
  t.equal(await server.stop(), 0)
})

import t from 'tap'
import { FreshClient } from '../../support/clients.js'
import { checkAt, handedOver, rolledBack, untilBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import { FOR_EVER } from '../../support/limit.js'
import { Load } from '../../support/load.js'
import { factsOf, openIdle, openUnused, portsAt, untilAt, untilMoved } from '../../support/moving.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { startServer } from '../../support/start.js'

const script = 'migration.cjs'
/** The connections have moved after a second, and the probation goes on. */
const config = {
  options: { probation: 1000 },
  staysOnProbation: true,
  // None may be idle for too long on a slow machine.
  fastify: { keepAliveTimeout: FOR_EVER }
}

t.test('a child that is killed at any moment of its probation costs no idle connection', async (t) => {
  const server = await startServer(t, { script, config })
  const idle = await openIdle(server.target(), 500)
  const connections = [...idle, ...(await openUnused(server.target(), 500))]
  const used = connections.filter((_, index) => index % 7 === 0)
  for (let round = 1; round <= 10; round++) {
    server.signal('SIGHUP', server.pid)
    const child = await handedOver(server, round)
    const moved = Math.floor(Math.random() * connections.length)
    await untilMoved(server, child, moved)
    // Some have had an answer of the child.
    const at = new Set(portsAt(server, child))
    const mine = used.filter(({ localPort }) => at.has(localPort))
    for (const { pid } of await Promise.all(mine.map(factsOf))) t.equal(pid, child)
    // The client may have data that the child does not know to be sent yet.
    await server.heard(child)
    process.kill(child, 'SIGKILL')
    await rolledBack(server, round)
    await checkAt(t, connections, server.pid)
  }
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('when a child crashes, its requests in progress end with it, and nothing else does', async (t) => {
  const server = await startServer(t, { script, config })
  const [held, half, early, idle, again] = (await openIdle(server.target(), 5)) as Five
  server.signal('SIGHUP')
  const child = await handedOver(server, 1)
  for (const connection of [held, half, early, idle, again]) await untilAt(server, child, connection)
  const holding = held.send({ path: '/hold/crash' })
  await server.held('crash')
  half.write('GET / HTTP/1.1\r\nhost: ')
  // The request is answered before all of it was sent: the rest is still to come.
  const upload = early.upload('/early')
  t.equal((await upload.response).status, 404)
  t.equal((await again.request({ path: '/' })).status, 200)
  await server.heard(child)
  process.kill(child, 'SIGKILL')
  await t.rejects(holding.response)
  for (const connection of [held, half]) t.not(await connection.closed, 'by the client')
  await rolledBack(server, 1)
  await checkAt(t, [idle, again], server.pid)
  for (const connection of [idle, again, early]) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('what a child on probation closes is closed, though the parent has a copy', async (t) => {
  const fastify = { keepAliveTimeout: 1000 }
  const server = await startServer(t, { script, config: { ...config, fastify } })
  const connections = await openIdle(server.target(), 3)
  server.signal('SIGHUP')
  const child = await handedOver(server, 1)
  const endings = await Promise.all(connections.map(({ closed }) => closed))
  t.strictSame(endings, ['by the server', 'by the server', 'by the server'])
  process.kill(child, 'SIGKILL')
  await rolledBack(server, 1)
  t.equal(await server.stop(), 0)
})

for (const how of ['gives the service back', 'throws'] as const) {
  t.test(`a child that ${how} gives its connections back too`, async (t) => {
    const server = await startServer(t, { script, config })
    const idle = await openIdle(server.target(), 100)
    const [held] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const clients = await PersistentClient.openMany(server.target(), 8)
    const load = new Load(clients, { pause: 1 })
    await load.reached(1)
    server.signal('SIGHUP')
    const child = await handedOver(server, 1)
    for (const connection of [...idle, held]) await untilAt(server, child, connection)
    await load.reached(2)
    // One that the parent has never seen.
    const [fresh] = (await openIdle(server.target(), 1)) as [HttpConnection]
    t.equal((await factsOf(fresh)).pid, child)
    const holding = held.send({ path: '/hold/back' })
    t.equal(await server.held('back'), child)
    await server.tell(
      how === 'throws' ? { command: 'throw', message: 'boom' } : { command: 'rollback', reason: 'bad' },
      child
    )
    await rolledBack(server, 1)
    await untilAt(server, server.pid, fresh)
    for (const connection of idle) await untilBack(server, connection)
    await checkAt(t, [...idle, fresh], server.pid)
    await server.tell({ command: 'release', name: 'back' }, child)
    t.match(JSON.parse((await holding.response).body), { pid: child }, 'what it had begun is finished by it')
    await untilBack(server, held)
    t.equal(await server.exitOf(child), how === 'throws' ? 1 : 0)
    await checkAt(t, [held], server.pid)
    const report = await load.stop()
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
    for (const connection of [...idle, fresh, held]) connection.close()
    t.equal(await server.stop(), 0)
  })
}

t.test('new clients are served throughout', async (t) => {
  const server = await startServer(t, { script, config })
  const load = new Load([new FreshClient(server.target())], { pause: 1 })
  const idle = await openIdle(server.target(), 20)
  for (const round of [1, 2, 3]) {
    server.signal('SIGHUP', server.pid)
    const child = await handedOver(server, round)
    for (const connection of idle) await untilAt(server, child, connection)
    await server.tell({ command: 'rollback', reason: 'bad' }, child)
    await rolledBack(server, round)
    t.equal(await server.exitOf(child), 0)
    await checkAt(t, idle, server.pid)
  }
  t.strictSame((await load.stop()).failures, [])
  for (const connection of idle) connection.close()
  t.equal(await server.stop(), 0)
})

type Five = [HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection]

import t from 'tap'
import { checkAt, handedOver, portsOf, rolledBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import { HAS_PROC } from '../../support/fds.js'
import { FOR_EVER } from '../../support/limit.js'
import { Load } from '../../support/load.js'
import { openIdle, untilAt } from '../../support/moving.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

/**
 * Connections in an unusual state when they could come back, and the end of a connection that the parent has a copy
 * of.
 */

const settings: ServerSettings = {
  script: 'migration.cjs',
  config: { options: { probation: 300 }, staysOnProbation: true, fastify: { keepAliveTimeout: FOR_EVER } }
}

t.test('what ends on probation ends for the client at once, though the parent has a copy', async (t) => {
  const server = await startServer(t, settings)
  const connections = await openIdle(server.target(), 4)
  const [left, announced, wrong, idle] = connections as [HttpConnection, HttpConnection, HttpConnection, HttpConnection]
  server.signal('SIGHUP')
  const child = await handedOver(server)
  for (const connection of connections) await untilAt(server, child, connection)
  // A half-open client sees the end when the last copy is closed.
  left.endWriting()
  t.equal(await server.waitFor(left.closed, 'end of the connection that its client has closed'), 'by the client')
  t.equal((await announced.request({ path: '/', headers: { connection: 'close' } })).status, 200)
  t.equal(await server.waitFor(announced.closed, 'end of the connection that was announced'), 'by the server')
  wrong.write('nonsense\r\n\r\n')
  t.equal(await server.waitFor(wrong.closed, 'end of the connection with a wrong request'), 'by the server')
  if (HAS_PROC) await untilTrue(server, 'end of the copies', () => portsOf(server).join() === `${idle.localPort}`)
  process.kill(child, 'SIGKILL')
  await rolledBack(server)
  await checkAt(t, [idle], server.pid)
  idle.close()
  t.equal(await server.stop(), 0)
})

t.test('a stop of the service on probation closes what has moved', async (t) => {
  const server = await startServer(t, settings)
  const connections = await openIdle(server.target(), 50)
  server.signal('SIGHUP')
  const child = await handedOver(server)
  for (const connection of connections) await untilAt(server, child, connection)
  server.signal('SIGTERM', server.pid)
  const endings = Promise.all(connections.map(({ closed }) => closed))
  t.strictSame(new Set(await server.waitFor(endings, 'end of all connections')), new Set(['by the server']))
  t.equal(await server.exitOf(child), 0)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a server with room for no more takes back what it had', async (t) => {
  const server = await startServer(t, {
    ...settings,
    config: { ...settings.config, extra: { maxConnections: 10 } }
  })
  const connections = await openIdle(server.target(), 10)
  for (const round of [1, 2]) {
    server.signal('SIGHUP', server.pid)
    const child = await handedOver(server, round)
    for (const connection of connections) await untilAt(server, child, connection)
    if (round === 1) process.kill(child, 'SIGKILL')
    else await server.tell({ command: 'rollback', reason: 'bad' }, child)
    await rolledBack(server, round)
    if (round === 2) t.equal(await server.exitOf(child), 0)
    await checkAt(t, connections, server.pid)
  }
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('after an answer of any kind a connection is idle again', async (t) => {
  const server = await startServer(t, settings)
  const connections = await openIdle(server.target(), 6)
  const [early, continued, none, old, missing, large] = connections as HttpConnection[] as Six
  server.signal('SIGHUP')
  const child = await handedOver(server)
  for (const connection of connections) await untilAt(server, child, connection)
  // The request is answered before its body has come. Then the body comes.
  const upload = early.upload('/early')
  t.equal((await upload.response).status, 404)
  upload.write('x'.repeat(100_000))
  await upload.finish()
  const head =
    'POST /echo HTTP/1.1\r\nhost: fixture\r\nexpect: 100-continue\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n'
  t.equal((await continued.begin(head).response).status, 100)
  t.equal((await continued.begin('hello').response).body, 'hello')
  t.equal((await none.request({ method: 'HEAD', path: '/none' })).status, 204)
  t.equal((await old.begin('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n').response).status, 200)
  t.equal((await missing.request({ path: '/missing' })).status, 404)
  t.equal((await large.request({ path: '/large/10000000' })).status, 200)
  await server.heard(child)
  process.kill(child, 'SIGKILL')
  await rolledBack(server)
  await checkAt(t, connections, server.pid)
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

t.test(
  'pipelined requests, and heads that come byte by byte, across a child that gives the service back',
  async (t) => {
    const server = await startServer(t, settings)
    const load = new Load(await PersistentClient.openMany(server.target(), 8, 5), { pause: 1 })
    const [slow] = (await openIdle(server.target(), 1)) as [HttpConnection]
    for (const round of [1, 2, 3]) {
      server.signal('SIGHUP', server.pid)
      const child = await handedOver(server, round)
      await untilAt(server, child, slow)
      const [first, ...rest] = `GET / HTTP/1.1\r\nhost: ${round}\r\n\r\n`
      const exchange = slow.begin(first as string)
      await load.answered(200)
      await server.heard(child)
      await server.tell({ command: 'rollback', reason: 'bad' }, child)
      await rolledBack(server, round)
      for (const byte of rest) {
        slow.write(byte)
        await server.heard(child)
      }
      t.match(JSON.parse((await exchange.response).body), { pid: child }, 'what it had begun is finished by it')
      await load.answered(200)
      t.equal(await server.exitOf(child), 0)
      await checkAt(t, [slow], server.pid)
    }
    const report = await load.stop()
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
    slow.close()
    t.equal(await server.stop(), 0)
  }
)

type Six = [HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection]

import t from 'tap'
import { checkAt, handedOver, portsOf, rolledBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, isStopped } from '../../support/fds.js'
import { FOR_EVER } from '../../support/limit.js'
import { openIdle, untilAt } from '../../support/moving.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

/** Data that a child has not read when it crashes, and the connections that come back to the parent. */

const skip = HAS_PROC ? false : 'needs /proc'

const settings: ServerSettings = {
  script: 'migration.cjs',
  config: { options: { probation: 300 }, staysOnProbation: true, fastify: { keepAliveTimeout: FOR_EVER } }
}

t.test('what a child that hangs has not read is answered by the parent when it is killed', async (t) => {
  const server = await startServer(t, settings)
  const connections = await openIdle(server.target(), 3)
  const [whole, piecemeal, pipelined] = connections as [HttpConnection, HttpConnection, HttpConnection]
  server.signal('SIGHUP')
  const child = await handedOver(server)
  for (const connection of connections) await untilAt(server, child, connection)
  process.kill(child, 'SIGSTOP')
  await untilTrue(server, 'a child that stands still', () => isStopped(child))
  const count = (id: string) => `POST /count/${id} HTTP/1.1\r\nhost: fixture\r\ncontent-length: 0\r\n\r\n`
  const exchange = whole.begin(count('whole'))
  const [head, ...rest] = count('piecemeal')
  const slow = piecemeal.begin(head as string)
  const several = ['first', 'second', 'third'].map((id) => pipelined.begin(count(id)))
  process.kill(child, 'SIGKILL')
  for (const byte of rest) piecemeal.write(byte)
  await rolledBack(server)
  const answers = await Promise.all([exchange, slow, ...several].map(({ response }) => response))
  t.strictSame(new Set(answers.map(({ body }) => JSON.parse(body).pid)), new Set([server.pid]))
  await server.heard(server.pid)
  const counted = server.events('counted').map(({ id }) => String(id))
  t.strictSame(counted.sort(), ['first', 'piecemeal', 'second', 'third', 'whole'], 'each once')
  for (const connection of connections) connection.close()
  t.equal(await server.stop(), 0)
})

t.test(
  'a connection that came back from a child that crashed, and stays silent, ends by its keep-alive timeout',
  async (t) => {
    const config = { ...settings.config, fastify: { keepAliveTimeout: 8000 } }
    const server = await startServer(t, { ...settings, config })
    const connections = await openIdle(server.target(), 2)
    const [asked] = connections as [HttpConnection]
    server.signal('SIGHUP')
    const child = await handedOver(server)
    for (const connection of connections) await untilAt(server, child, connection)
    t.equal((await asked.request({ path: '/' })).status, 200)
    await server.heard(child)
    process.kill(child, 'SIGKILL')
    await rolledBack(server)
    // On a slow machine the child may have closed them before, which is no less right.
    const endings = Promise.all(connections.map(({ closed }) => closed))
    t.strictSame(await server.waitFor(endings, 'end of the silent connections', 60_000), [
      'by the server',
      'by the server'
    ])
    t.equal(await server.stop(), 0)
  }
)

t.test('a client that leaves while a child hangs leaves no copy behind', { skip }, async (t) => {
  const server = await startServer(t, settings)
  const connections = await openIdle(server.target(), 3)
  const [left, asked, idle] = connections as [HttpConnection, HttpConnection, HttpConnection]
  server.signal('SIGHUP')
  const child = await handedOver(server)
  for (const connection of connections) await untilAt(server, child, connection)
  process.kill(child, 'SIGSTOP')
  await untilTrue(server, 'a child that stands still', () => isStopped(child))
  left.endWriting()
  const exchange = asked.send({ path: '/' })
  asked.endWriting()
  process.kill(child, 'SIGKILL')
  await rolledBack(server)
  t.equal(JSON.parse((await exchange.response).body).pid, server.pid)
  for (const connection of [left, asked]) await server.waitFor(connection.closed, 'end of what its client has closed')
  await untilTrue(server, 'end of the copies', () => portsOf(server).join() === `${idle.localPort}`)
  await checkAt(t, [idle], server.pid)
  idle.close()
  t.equal(await server.stop(), 0)
})

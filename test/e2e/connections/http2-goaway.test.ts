import t from 'tap'
import { Http2Client } from '../../support/http2-client.js'
import { FrameConnection } from '../../support/http2-frames.js'
import { cleartext, secure } from '../../support/http2-variants.js'
import { startServer } from '../../support/start.js'
import { overTls } from '../../support/tls.js'

/** The last stream that a GOAWAY names which does not say how far the server came. */
const NO_STREAM = 2 ** 31 - 1
/** https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const CANCEL = 8

t.test('cleartext: a stream between the two GOAWAYs is served', async (t) => {
  const server = await startServer(t, { config: { fastify: cleartext.fastify, options: { probation: 0 } } })
  const connection = await FrameConnection.open(t, server.target())
  connection.begin(1, '/hold/first')
  await server.held('first')
  server.signal('SIGHUP')
  await connection.pinged(1)
  connection.withholdPings()
  await connection.goaway(1)
  t.strictSame(connection.goaways, [NO_STREAM])
  connection.begin(3, '/')
  t.match(JSON.parse((await connection.end(3)).body), { pid: server.pid }, 'it crossed the first GOAWAY')
  connection.answerPings()
  await connection.goaway(2)
  t.strictSame(connection.goaways, [NO_STREAM, 3], 'the second GOAWAY names it')
  await server.tell({ command: 'release', name: 'first' }, server.pid)
  t.match(JSON.parse((await connection.end(1)).body), { pid: server.pid })
  await connection.ended
  connection.close()
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('TLS: a stream that crosses the GOAWAY is not processed, and the client can tell', async (t) => {
  const server = await startServer(t, { config: { fastify: secure.fastify, options: { probation: 0 } } })
  const connection = await FrameConnection.open(t, overTls(server.target()))
  connection.begin(1, '/hold/first')
  await server.held('first')
  server.signal('SIGHUP')
  await connection.goaway(1)
  t.strictSame(connection.goaways, [1], 'it names the last stream')
  connection.begin(3, '/hold/second')
  await server.tell({ command: 'release', name: 'first' }, server.pid)
  t.match(JSON.parse((await connection.end(1)).body), { pid: server.pid })
  await connection.ended
  connection.close()
  t.equal(await server.exitOf(server.pid), 0)
  t.ok(
    connection.goaways.every((last) => last === 1),
    'to the end'
  )
  t.strictSame(
    server.events((line) => line.fixture === 'held' && line.name === 'second'),
    []
  )
})

for (const { name, fastify, target } of [cleartext, secure]) {
  t.test(`${name}: a session that begins during the drain is served what it asks first`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { probation: 0 } } })
    const busy = await FrameConnection.open(t, target(server))
    busy.begin(1, '/hold/slow')
    await server.held('slow')
    // The parent accepts it, as a busy one would, and reads from it only when the drain has begun.
    const late = await FrameConnection.open(t, target(server))
    late.withholdPings()
    server.signal('SIGHUP')
    await late.pinged(1)
    late.begin(1, '/')
    t.match(JSON.parse((await late.end(1)).body), { pid: server.pid, generation: 1 })
    late.answerPings()
    await late.ended
    late.close()
    await server.tell({ command: 'release', name: 'slow' }, server.pid)
    await busy.ended
    busy.close()
    t.equal(await server.exitOf(server.pid), 0)
  })
}

t.test('cleartext: the first GOAWAY does not mix with an answer in progress', async (t) => {
  const server = await startServer(t, { config: { fastify: cleartext.fastify, options: { probation: 0 } } })
  const body = 'x'.repeat(1_000_000)
  const clients = Array.from({ length: 8 }, () => new Http2Client(server.target()))
  const echoes = { method: 'POST', path: '/echo', headers: { 'content-type': 'text/plain' }, body }
  const load = clients.map(async (client) => {
    while (server.current === server.pid) t.equal((await client.request(echoes)).body.length, body.length)
    const { headers } = await client.request(echoes)
    client.close()
    return Number(headers['x-generation'])
  })
  await clients[0]?.request({ path: '/' })
  server.signal('SIGHUP')
  t.ok((await Promise.all(load)).every((generation) => generation >= 1))
  t.equal(await server.exitOf(server.pid), 0)
})

for (const { name, fastify, target } of [cleartext, secure]) {
  t.test(`${name}: at the deadline a stream is cancelled, not ended`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { drainTimeout: 400 } } })
    const connection = await FrameConnection.open(t, target(server))
    connection.begin(1, '/stream/half')
    await server.held('half')
    server.signal('SIGTERM')
    t.strictSame(await connection.end(1), { body: 'begin\n', reset: CANCEL })
    t.equal(await server.exitOf(server.pid), 1)
  })
}

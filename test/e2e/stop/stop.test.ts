import t from 'tap'
import { echo, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { Load } from '../../support/load.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilRefused } from '../../support/stop-accepting.js'

for (const script of ['server.cjs', 'server.mjs']) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    t.test(`${signal} ends ${script} when the request in progress is finished`, async (t) => {
      const server = await startServer(t, { script })
      const connection = await HttpConnection.open(server.target())
      const slow = connection.send({ path: '/hold/slow' })
      await server.held('slow')

      server.signal(signal)
      const draining = await server.event('draining')
      t.equal(draining.reason, signal)
      await untilRefused(server.target())
      await server.tell({ command: 'release', name: 'slow' })
      const response = await slow.response
      t.match(response, { status: 200, headers: { connection: 'close' } })
      t.equal(await connection.closed, 'by the server')
      t.equal(await server.exitOf(server.pid), 0)
      t.strictSame(order(server), ['released', 'onClose'], 'the app is closed when the request is finished')
      t.match(await server.event('closed'), { reason: signal, pid: server.pid, exitCode: 0 })
      t.strictSame(server.events('forced'), [])
    })
  }
}

t.test('uploads, streams and pipelined requests in progress are finished on a stop', async (t) => {
  const server = await startServer(t)
  const target = server.target()
  const [uploading, streaming, pipelining] = await Promise.all([
    HttpConnection.open(target),
    HttpConnection.open(target),
    HttpConnection.open(target)
  ])
  const upload = uploading.upload('/upload/upload')
  upload.write('first half, ')
  const stream = streaming.send({ path: '/stream/stream' })
  const pipelined = pipelining.pipeline([{ path: '/hold/pipelined' }, echo('second'), echo('third')])
  await Promise.all([server.held('upload'), stream.head, server.held('pipelined')])

  server.signal('SIGTERM')
  await server.event('draining')
  await untilRefused(target)
  upload.write('second half')
  t.match(JSON.parse((await upload.finish()).body), { bytes: 23, pid: server.pid })
  await server.tell({ command: 'release', name: 'stream' })
  t.equal((await stream.response).body, `begin\nend ${server.pid}\n`)
  await server.tell({ command: 'release', name: 'pipelined' })
  const responses = await Promise.all(pipelined.map((exchange) => exchange.response))
  t.match(responses, [{ status: 200 }, { status: 200, body: 'second' }, { status: 200, body: 'third' }])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a request that is on its way on an idle connection when the stop comes is answered', async (t) => {
  const server = await startServer(t, { script: 'hooks.cjs', config: { hooks: { drain: 'block' } } })
  const [idle, unused] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
  t.equal((await idle.request({ path: '/' })).status, 200)

  server.signal('SIGTERM')
  await server.held('drain')
  const late = [idle.send(echo('late')), unused.send(echo('first'))]
  await server.release.write('end of the block', '')
  const responses = await Promise.all(late.map((exchange) => exchange.response))
  t.match(responses, [
    { status: 200, body: 'late', headers: { connection: 'close' } },
    { status: 200, body: 'first', headers: { connection: 'close' } }
  ])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('no keep-alive client loses a request to a stop', async (t) => {
  const server = await startServer(t)
  const clients = Array.from({ length: 16 }, () => new KeepAliveClient(server.target()))
  const load = new Load(clients, { pause: 20 })
  await load.reached(1)
  await load.answered(100)

  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 0)
  const report = await load.stop()
  // When nothing listens any more, a client that was told to leave cannot connect again. Nothing else may fail.
  const lost = report.failures.filter((failure) => !/^keep-alive: connect: connect ECONNREFUSED/.test(failure))
  t.strictSame(lost, [])
  t.equal(report.connectionsClosed, 0, 'each connection was told before it was closed')
})

t.test('idle and never used connections do not hold up a stop', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 60_000 } } })
  const idle = await HttpConnection.open(server.target())
  await idle.request({ path: '/' })
  const unused = await HttpConnection.open(server.target())
  // The answer on a third connection shows that the second has been accepted.
  const last = await HttpConnection.open(server.target())
  await last.request({ path: '/' })

  server.signal('SIGTERM')
  const ended = Promise.all([idle.closed, unused.closed, last.closed])
  t.strictSame(await server.waitFor(ended, 'end of the idle connections'), Array(3).fill('by the server'))
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

t.test('app.close() by the app itself drains, and the process ends when nothing is left', async (t) => {
  const server = await startServer(t)
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')

  await server.tell({ command: 'close' })
  await server.event('draining')
  await untilRefused(server.target())
  await server.tell({ command: 'release', name: 'slow' })
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  await server.event('app closed')
  t.strictSame(order(server), ['released', 'onClose'])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('app.graceful.stop() stops with its reason', async (t) => {
  const server = await startServer(t)
  await server.tell({ command: 'stop', reason: 'enough' })
  t.equal((await server.event('draining')).reason, 'enough')
  t.equal(await server.exitOf(server.pid), 0)
  t.match(await server.event('closed'), { reason: 'enough', exitCode: 0 })
})

t.test('work that holds the process is waited for, and a stream that ends with the signal ends', async (t) => {
  const server = await startServer(t)
  const connection = await HttpConnection.open(server.target())
  t.equal((await connection.request({ method: 'POST', path: '/background/mail' })).status, 200)
  const events = connection.send({ path: '/events' })
  await events.head

  server.signal('SIGTERM')
  t.equal((await events.response).body, 'begin\nend\n')
  t.equal((await server.event('hook')).name, 'drain')
  t.equal(await connection.closed, 'by the server')
  await server.tell({ command: 'release', name: 'mail' })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(order(server), ['released', 'onClose'], 'the app is closed when no work is held')
})

t.test('all apps and servers of the process stop together', async (t) => {
  const local = { port: 0, host: '127.0.0.1' }
  const server = await startServer(t, { config: { apps: [local, local], servers: [local] } })
  const connection = await HttpConnection.open(server.target(1))
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')

  server.signal('SIGTERM')
  await server.event('draining')
  await Promise.all([server.target(0), server.target(1), server.target(0, 'server')].map(untilRefused))
  await server.tell({ command: 'release', name: 'slow' })
  t.equal((await slow.response).status, 200)
  t.equal(await server.exitOf(server.pid), 0)
  t.equal(server.events('onClose').length, 2)
})

/** In which order the work in progress ended and the app was closed. */
function order(server: TestServer): unknown[] {
  return server.events((line) => line.fixture === 'released' || line.fixture === 'onClose').map((line) => line.fixture)
}

import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { Connections } from '../../../lib/connections/tracker.js'
import { Counter } from '../../../lib/metrics/counter.js'
import { deferred } from '../../support/deferred.js'
import { within } from '../../support/limit.js'
import { PACKAGE_ROOT } from '../../support/release.js'

/** A server that counts everything. `seen` resolves when a request has come. The server never answers it. */
async function follow(t: Test, create: (listener: RequestListener) => Server) {
  const seen = deferred<void>()
  const server = create(() => seen.resolve())
  const counter = new Counter()
  const connections = new Connections(server, () => {}, counter)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const closed = (socket: { destroy(): unknown }) =>
    within(
      new Promise<void>((resolve) => {
        connections.onClosed(resolve)
        socket.destroy()
      }),
      'end of a connection'
    )
  return { counter, connections, port, closed, seen: seen.promise }
}

t.test('HTTP/1.1, and what another protocol takes over', async (t) => {
  const { counter, connections, port, closed, seen } = await follow(t, (listener) =>
    createServer(listener).on('upgrade', (_request, socket) => socket.resume().on('end', () => socket.end()))
  )
  const idle = connect(port, '127.0.0.1')
  const busy = connect(port, '127.0.0.1')
  busy.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await within(seen, 'request')
  t.match(counter.counts, { opened: 2, closed: 0 })
  t.match([connections.requests, connections.upgraded], [1, 0])
  const upgraded = connect(port, '127.0.0.1')
  const hasCome = new Promise((resolve) => connections.server.once('upgrade', resolve))
  upgraded.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  await within(hasCome, 'upgrade')
  t.match([connections.requests, connections.upgraded, counter.open], [1, 1, 3])
  for (const socket of [idle, busy, upgraded]) await closed(socket)
  t.match(counter.counts, { opened: 3, closed: 3 })
  t.equal(counter.open, 0)
})

t.test('over TLS a connection is one, with its handshake and without', async (t) => {
  const certificate = readFileSync(join(PACKAGE_ROOT, 'test/fixtures/certificates/first.pem'))
  const { counter, connections, port, closed } = await follow(t, (listener) =>
    createHttpsServer({ key: certificate, cert: certificate }, listener)
  )
  const began = new Promise((resolve) => connections.server.once('connection', resolve))
  const mute = connect(port, '127.0.0.1')
  await within(began, 'connection')
  const secured = new Promise((resolve) => connections.server.once('secureConnection', resolve))
  const secure = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await within(secured, 'handshake')
  t.match([counter.counts.opened, counter.open, connections.size], [2, 2, 2])
  await closed(mute)
  await closed(secure)
  t.match(counter.counts, { opened: 2, closed: 2 })
  t.equal(counter.open, 0)
})

t.test('streams of HTTP/2', async (t) => {
  const { counter, connections, port, closed, seen } = await follow(t, (listener) =>
    createHttp2Server((request) => request.url === '/last' && listener(request as never, undefined as never))
  )
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  for (const path of ['/first', '/last']) session.request({ ':path': path }).on('error', () => {})
  await within(seen, 'streams')
  t.match([connections.requests, counter.counts.opened], [2, 1])
  await closed(session)
  t.match(counter.counts, { opened: 1, closed: 1 })
})

t.test('one that moves is opened once, and ends once', async (t) => {
  const { counter, connections, port, closed } = await follow(t, (listener) => createServer(listener))
  const arrive = () =>
    new Promise<[Socket, Socket]>((resolve) => {
      connections.server.once('connection', (theirs: Socket) => resolve([ours, theirs]))
      const ours = connect(port, '127.0.0.1')
    })
  const [ours, theirs] = await within(arrive(), 'connection')
  connections.give(theirs)
  await closed(ours)
  t.match(counter.counts, { opened: 1, closed: 0 })
  t.equal(counter.open, 0)
  connections.bring(() => counter.opens())
  t.match([counter.counts.opened, counter.open], [1, 1])
  t.match(counter.atEnd, { opened: 1, closed: 1 }, 'with the process ends what is open')
})

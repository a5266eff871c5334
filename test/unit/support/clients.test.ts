import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type Client, FreshClient, KeepAliveClient, PipeliningClient } from '../../support/clients.js'
import type { Target } from '../../support/connection.js'
import { Load } from '../../support/load.js'

// The other tests say "no failure": here the same clients meet servers that fail, and must not overlook it.

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{"generation":1}'

/** A server that does this with each piece that it receives. */
async function listen(t: Test, onData: (socket: Socket, count: number) => void): Promise<Target> {
  const server = createServer((socket) => {
    let count = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', () => onData(socket, ++count))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const misdeeds: Record<string, { onData: (socket: Socket) => void; failure: RegExp }> = {
  'a reset': { onData: (socket) => socket.resetAndDestroy(), failure: /reset: GET \/: read ECONNRESET/ },
  'a close without an answer': {
    onData: (socket) => socket.end(),
    failure: /premature close: GET \/: closed by the server/
  },
  'half an answer': {
    onData: (socket) => socket.end(OK.slice(0, -1)),
    failure: /premature close: GET \/: .*generation/
  },
  'an error status': { onData: (socket) => socket.end(OK.replace('200', '503')), failure: /status: 503/ },
  'a wrong body': { onData: (socket) => socket.end(OK.replace('generation', 'generatiom')), failure: /body: / },
  'something that is not HTTP': { onData: (socket) => socket.end('hello\r\n\r\n'), failure: /not HTTP: / }
}

for (const [name, { onData, failure }] of Object.entries(misdeeds)) {
  t.test(`${name} is a failure, for each request`, async (t) => {
    const target = await listen(t, onData)
    for (const client of [new FreshClient(target), new KeepAliveClient(target)]) {
      const load = new Load([client], { most: 3 })
      await load.answered(3)
      const report = await load.stop()
      t.equal(report.failures.length, report.requests)
      t.match(report.failures[0], failure)
    }
  })
}

t.test('a refused connection is a failure', async (t) => {
  const target = { path: '/nonexistent/graceful.sock' }
  for (const client of [new FreshClient(target), new KeepAliveClient(target)] as Client[]) {
    await t.rejects(client.ask(), { message: /^connect: / })
  }
})

t.test('a keep-alive connection that is closed while idle is counted, unless that was announced', async (t) => {
  const silent = await listen(t, (socket) => socket.write(OK, () => setImmediate(() => socket.end())))
  const announcing = await listen(t, (socket) => socket.end(OK.replace('\r\n', '\r\nConnection: close\r\n')))
  const clients = [new KeepAliveClient(silent), new KeepAliveClient(announcing)]
  await Promise.all(clients.map((client) => client.ask()))
  const load = new Load(clients, { pause: 50 })
  await load.answered(6)
  await load.stop()
  t.ok((clients[0]?.connectionsClosed ?? 0) > 0)
  t.equal(clients[1]?.connectionsClosed, 0)
  t.ok((clients[1]?.connectionsOpened ?? 0) > 1)
})

t.test('a pipeline that is cut after its first answer is a failure', async (t) => {
  const target = await listen(t, (socket) => socket.end(OK))
  await t.rejects(new PipeliningClient(target).ask(), { message: /^premature close: / })
})

t.test('an open loop goes on sending requests when there is no answer', async (t) => {
  const waiting: Socket[] = []
  const target = await listen(t, (socket) => {
    waiting.push(socket)
    // Nobody is answered before five have asked.
    if (waiting.length >= 5) for (const asked of waiting) asked.end(OK)
  })
  const load = new Load([new FreshClient(target)], { every: 1 })
  await load.answered(5)
  t.match(await load.stop(), { failures: [] })
})

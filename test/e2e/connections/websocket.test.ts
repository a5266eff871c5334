import { join } from 'node:path'
import t from 'tap'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { certificate, overTls } from '../../support/tls.js'
import { CountingClient, clientFrame, RawWebSocket, WebSocketClient } from '../../support/websocket.js'

t.jobs = 3

const settings = (extra: Record<string, unknown> = {}, config: FixtureConfig = {}): ServerSettings => ({
  script: 'websocket.cjs',
  config: { ...config, extra }
})

t.test('100 clients that count without pause over 5 reloads: nothing is lost, doubled or out of order', async (t) => {
  const server = await startServer(t, settings())
  const open = () => WebSocketClient.open(server.target(), '/ws/echo')
  const clients = (await several(100, open)).map((client) => new CountingClient(client))
  for (let generation = 2; generation <= 6; generation++) {
    await server.reload()
    await server.waitFor(Promise.all(clients.map((client) => client.reached(generation))), `generation ${generation}`)
  }
  await server.waitFor(Promise.all(clients.map((client) => client.finish())), 'last answers')
  t.strictSame(
    clients.flatMap(({ wrong }) => wrong),
    []
  )
  t.ok(clients.every(({ client }) => !client.isClosed))
  await server.heard()
  t.equal(happened(server, 'moved').length, 500)
  t.equal(happened(server, 'arrived').length, 500)
  t.strictSame(happened(server, 'left'), [])
  t.comment(`${clients.reduce((sum, { received }) => sum + received, 0)} answers`)
  await Promise.all(clients.map(({ client }) => client.close()))
  t.equal(await server.stop(), 0)
})

t.test('WebSockets on a unix socket and on IPv6 move too', async (t) => {
  const folder = await tempFolder(t)
  const apps = [{ path: join(folder, 'app.sock') }, { port: 0, host: '::1' }]
  const server = await startServer(t, settings({}, { apps }))
  const clients = await Promise.all([0, 1].map((index) => WebSocketClient.open(server.target(index), '/ws/echo')))
  for (const generation of [2, 3]) {
    await server.reload()
    for (const client of clients) t.equal(await client.ask('hello'), `${generation} hello`)
  }
  await Promise.all(clients.map((client) => client.close()))
})

t.test('messages of 1 MiB that are on their way arrive whole', async (t) => {
  const server = await startServer(t, settings())
  const open = () => WebSocketClient.open(server.target(), '/ws/echo')
  const clients = (await several(4, open)).map((client) => new CountingClient(client, { size: 2 ** 20, window: 1 }))
  for (const generation of [2, 3]) {
    await server.reload()
    await server.waitFor(Promise.all(clients.map((client) => client.reached(generation))), `generation ${generation}`)
  }
  await Promise.all(clients.map((client) => client.finish()))
  t.strictSame(
    clients.flatMap(({ wrong }) => wrong),
    []
  )
  await Promise.all(clients.map(({ client }) => client.close()))
})

t.test('numbered messages of the server go on, where the client says that they stopped', async (t) => {
  const server = await startServer(t, settings())
  const clients = await several(10, async () => {
    const client = await WebSocketClient.open(server.target(), '/ws/push')
    client.socket.on('message', (data) => String(data) === 'where' && client.socket.send(last(client)))
    client.socket.send('0')
    return client
  })
  for (const generation of [2, 3, 4]) {
    await server.reload()
    const asked = (client: WebSocketClient) => client.messages.filter((message) => message === 'where').length
    const goesOn = (client: WebSocketClient) =>
      client.until(() => asked(client) === generation - 1 && client.messages.at(-1) !== 'where')
    await server.waitFor(Promise.all(clients.map(goesOn)), `messages of generation ${generation}`)
  }
  for (const { messages } of clients) {
    const numbers = messages.filter((message) => message !== 'where').map(Number)
    t.strictSame(
      numbers.find((number, index) => number !== index + 1),
      undefined,
      `${numbers.length} numbers, each after the one before`
    )
  }
  await Promise.all(clients.map((client) => client.close()))
})

t.test('the app is told on both sides; the handler has the original request', async (t) => {
  const server = await startServer(t, settings({ ping: true }))
  const headers = { 'x-user': 'jürgen', cookie: 'a=1; b=2' }
  const client = await WebSocketClient.open(server.target(), '/ws/echo?room=1', {
    headers,
    protocols: ['chat', 'other']
  })
  t.equal(await client.ask('before'), '1 before')
  await server.event((line) => line.what === 'pong' && line.generation === 1)
  await server.reload()
  t.equal(await client.ask('after'), '2 after')
  await server.event((line) => line.what === 'pong' && line.generation === 2)
  const [opened, arrived] = [happened(server, 'opened')[0], happened(server, 'arrived')[0]]
  t.match(opened, { generation: 1, url: '/ws/echo?room=1', protocol: 'chat' })
  for (const field of ['url', 'headers', 'ip', 'remotePort', 'protocol'])
    t.strictSame(arrived?.[field], opened?.[field])
  t.match(happened(server, 'moved'), [{ generation: 1, url: '/ws/echo?room=1' }])
  t.strictSame(happened(server, 'left'), [])

  t.match(await client.close(), { code: 1000 })
  t.match(await server.event((line) => line.what === 'left'), { generation: 2, code: 1000 })
  t.equal(await server.stop(), 0)
})

const halves: Array<[what: string, first: Uint8Array, second: Uint8Array]> = [
  ['frame', clientFrame('half a frame').subarray(0, 9), clientFrame('half a frame').subarray(9)],
  [
    'message',
    clientFrame('half ', { fin: false }),
    Buffer.concat([clientFrame('', { opcode: 9 }), clientFrame('a frame', { opcode: 0 })])
  ]
]

for (const [what, first, second] of halves) {
  t.test(`half a ${what} is finished in the process in which it began`, async (t) => {
    const server = await startServer(t, settings({}, { options: { drainTimeout: 60_000 } }))
    const raw = await RawWebSocket.open(server.target(), '/ws/echo')
    t.teardown(() => raw.socket.destroy())
    const other = await WebSocketClient.open(server.target(), '/ws/echo')
    raw.write(Buffer.concat([clientFrame('whole'), first]))
    t.equal(await raw.text(), '1 whole')

    server.signal('SIGHUP')
    const parent = server.pid
    await server.eventOf(parent, 'draining')
    t.equal(await other.ask('moved'), '2 moved')
    raw.write(second)
    if (what === 'message') t.equal((await raw.frame()).opcode, 10, 'a pong')
    t.equal(await raw.text(), '1 half a frame')
    t.equal(await server.exitOf(parent), 0)
    raw.write(clientFrame('next'))
    t.equal(await raw.text(), '2 next')
    await other.close()
  })
}

t.test('a WebSocket stays where a message is worked on, as long as it is pinned', async (t) => {
  const options = { drainTimeout: 60_000, websocketCloseWindow: 60_000 }
  const server = await startServer(t, settings({}, { options }))
  const client = await WebSocketClient.open(server.target(), '/ws/slow')
  client.socket.send('work')
  const parent = await server.held('work')
  server.signal('SIGHUP')
  await server.eventOf(parent, 'draining')
  await server.tell({ command: 'release', name: 'work' }, parent)
  t.equal(await client.message(0), '1 work')
  t.equal(await server.exitOf(parent), 0)
  t.match(await server.event((line) => line.what === 'arrived'), { generation: 2 })
  client.socket.send('more')
  await server.held('more')
  await server.tell({ command: 'release', name: 'more' })
  t.equal(await client.message(1), '2 more')
  await client.close()
})

const unmovable: Array<[what: string, extra: Record<string, unknown>, path: string, options: object]> = [
  ['is spoken over TLS', { tls: true }, '/ws/echo', {}],
  ['is compressed', { deflate: true }, '/ws/echo', { perMessageDeflate: true }],
  // What it waits for is no part of drainTimeout.
  ['is pinned for as long as it lives', {}, '/ws/pinned', {}],
  ['is refused by the new release', {}, '/ws/gone', {}],
  ['was made by ws itself', { beside: 'ws' }, '/', {}],
  ['was made by another library', { beside: 'by hand' }, '/', {}]
]

for (const [what, extra, path, options] of unmovable) {
  t.test(`a WebSocket that ${what} is closed with 1012`, async (t) => {
    const fastify = extra.tls ? { fastify: { https: certificate() } as FixtureConfig['fastify'] & object } : {}
    const server = await startServer(t, settings(extra, { ...fastify, options: { drainTimeout: 600_000 } }))
    const inTheClear = server.target(0, extra.beside === undefined ? 'app' : 'server')
    const target = extra.tls ? overTls(inTheClear) : inTheClear
    const clients = await several(12, () => WebSocketClient.open(target, path, options))
    t.equal(clients[0]?.socket.extensions, extra.deflate ? 'permessage-deflate' : '')
    await server.reload()
    const closings = await server.waitFor(Promise.all(clients.map(({ closed }) => closed)), 'close frames')
    t.strictSame([...new Set(closings.map(({ code }) => code))], [1012])
    t.strictSame(server.events('forced'), [])
    t.equal(server.events('exit')[0]?.code, 0)

    const again = await WebSocketClient.open(extra.tls ? target : server.target(), '/ws/echo')
    t.equal(await again.ask('again'), '2 again')
    await again.close()
  })
}

t.test("with connections: 'close' no WebSocket moves", async (t) => {
  const server = await startServer(t, settings({}, { options: { connections: 'close' } }))
  const client = await WebSocketClient.open(server.target(), '/ws/echo')
  await server.reload()
  t.match(await client.closed, { code: 1012 })
  t.strictSame(happened(server, 'moved'), [])
})

t.test('close frames are spread over a while', async (t) => {
  const server = await startServer(t, settings({}, { options: { probation: 0 } }))
  const times: number[] = []
  const clients = await several(150, async () => {
    const client = await WebSocketClient.open(server.target(), '/ws/plain')
    void client.closed.then(() => times.push(performance.now()))
    return client
  })
  await server.reload()
  await Promise.all(clients.map(({ closed }) => closed))
  const spread = Math.max(...times) - Math.min(...times)
  t.ok(spread > 200, `${spread} ms from the first to the last`)
})

t.test('a new release that compresses does not compress for a client that was told so', async (t) => {
  const server = await startServer(t, settings())
  const client = await WebSocketClient.open(server.target(), '/ws/echo', { perMessageDeflate: true })
  t.equal(client.socket.extensions, '')
  await server.release.configure({ extra: { deflate: true, webSocket: { perMessageDeflate: { threshold: 0 } } } })
  await server.reload()
  t.equal(await client.ask('x'.repeat(5000)), `2 ${'x'.repeat(5000)}`)
  await client.close()
})

t.test('a child that dies takes only what had moved with it', async (t) => {
  const server = await startServer(t, settings({}, { options: { probation: 5000 } }))
  const clients = await several(40, () => WebSocketClient.open(server.target(), '/ws/echo'))
  server.signal('SIGHUP')
  const { child } = await server.event('handed-over')
  await server.event((line) => line.what === 'arrived')
  process.kill(Number(child), 'SIGKILL')
  await server.event('rolled-back')
  const moved = happened(server, 'moved').length
  const lost = clients.filter(({ socket }) => socket.readyState !== socket.OPEN)
  await Promise.all(lost.map(({ closed }) => closed))
  t.ok(moved >= 1 && moved < 20, `${moved} had moved`)
  const answers = await Promise.allSettled(clients.map((client) => client.ask('still there?')))
  const served = answers.filter((answer) => answer.status === 'fulfilled' && answer.value === '1 still there?')
  t.equal(served.length, 40 - moved)

  // This process serves on, and does not say so again.
  server.signal('SIGHUP', server.pid)
  await server.exitOf(server.pid)
  const rest = clients.filter(({ isClosed }) => !isClosed)
  t.equal(rest.length, 40 - moved)
  for (const client of rest) t.equal(await client.ask('and now?'), '2 and now?')
  await Promise.all(rest.map((client) => client.close()))
})

t.test('an app without WebSockets answers a request that offers an upgrade', async (t) => {
  const server = await startServer(t)
  const target = server.target() as { port: number }
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }
  const { get } = await import('node:http')
  const status = new Promise((resolve, reject) =>
    get({ port: target.port, headers, agent: false }, (response) => resolve(response.resume().statusCode)).on(
      'error',
      reject
    )
  )
  t.equal(await server.waitFor(status, 'answer'), 200)
})

function happened(server: TestServer, what: string) {
  return server.events((line) => line.fixture === 'websocket' && line.what === what)
}

function last(client: WebSocketClient): string {
  return client.messages.findLast((message) => message !== 'where') ?? '0'
}

function several<T>(count: number, create: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, create))
}

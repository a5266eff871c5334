import { once } from 'node:events'
import t from 'tap'
import { type FixtureConfig, FORCIBLE } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { clientFrame, RawWebSocket, WebSocketClient } from '../../support/websocket.js'

const settings = (options: NonNullable<FixtureConfig['options']>, extra: Record<string, unknown> = {}) => ({
  script: 'websocket.cjs',
  config: { options, extra }
})

t.test('open WebSockets do not hold up a stop: they are closed with 1001', async (t) => {
  const server = await startServer(t, settings({ drainTimeout: 60_000 }))
  const open = () => WebSocketClient.open(server.target(), '/ws/echo')
  const clients = await Promise.all(Array.from({ length: 8 }, open))
  server.signal('SIGTERM')
  const closings = await server.waitFor(Promise.all(clients.map(({ closed }) => closed)), 'close frames')
  t.strictSame(
    closings.map(({ code }) => code),
    Array(8).fill(1001)
  )
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
  t.strictSame(
    server.events((line) => line.what === 'moved'),
    []
  )
})

t.test('the app can say goodbye first', async (t) => {
  const server = await startServer(t, settings({}))
  const client = await WebSocketClient.open(server.target(), '/ws/goodbye')
  server.signal('SIGTERM')
  t.match(await client.closed, { code: 1001 })
  t.strictSame(client.messages, ['goodbye'])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('app.close() closes them in the same way', async (t) => {
  const server = await startServer(t, settings({ drainTimeout: 60_000 }))
  const client = await WebSocketClient.open(server.target(), '/ws/echo')
  await server.tell({ command: 'close' })
  t.match(await client.closed, { code: 1001 })
  await server.event('app closed')
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a client that does not answer the close frame is not waited for', async (t) => {
  const server = await startServer(t, settings({ drainTimeout: 10_000 }))
  const raw = await RawWebSocket.open(server.target(), '/ws/echo')
  raw.write(clientFrame('half').subarray(0, 5))
  const ended = once(raw.socket, 'close')
  server.signal('SIGTERM')
  t.strictSame(await raw.frame(), closeFrame(1001, 'the server stops'))
  await server.waitFor(ended, 'end of the connection')
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

t.test('a forced stop sends a close frame too, and names the route', async (t) => {
  const server = await startServer(t, settings({ ...FORCIBLE, drainTimeout: 60_000, lameDuck: 60_000 }))
  const client = await WebSocketClient.open(server.target(), '/ws/echo?room=1')
  server.signal('SIGTERM')
  await server.event('lame-duck')
  server.signal('SIGUSR2')
  t.match(await client.closed, { code: 1001 })
  t.equal(await server.exitOf(server.pid), 1)
  const { requests } = await server.event('forced')
  t.match(requests, [{ method: 'GET', url: '/ws/echo' }])
  t.equal((requests as unknown[]).length, 1)
})

t.test('WebSockets over a server of another library get 1001 too', async (t) => {
  const server = await startServer(t, settings({ drainTimeout: 10_000 }, { beside: 'by hand' }))
  const client = await WebSocketClient.open(server.target(0, 'server'), '/')
  server.signal('SIGTERM')
  t.match(await client.closed, { code: 1001 })
  t.equal(await server.exitOf(server.pid), 0)
})

function closeFrame(code: number, reason: string) {
  return { opcode: 8, payload: Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]) }
}

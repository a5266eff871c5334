import { Agent, get } from 'node:http'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { WebSocketClient } from '../../support/websocket.js'

t.jobs = 2

const settings = (options: FixtureConfig['options'] & object, extra: Record<string, unknown> = {}): ServerSettings => ({
  script: 'websocket.cjs',
  config: { options, extra }
})

/** For what happens while the child is on probation. */
const LONG = 600_000

/** A parent waits for half a minute for the answer of its child. Milliseconds. */
const LIMIT = 120_000

t.test('WebSockets whose route says nothing are closed with 1012 as soon as the child serves', async (t) => {
  const server = await startServer(t, settings({ probation: LONG }))
  const clients = await Promise.all(
    Array.from({ length: 30 }, () => WebSocketClient.open(server.target(), '/ws/plain'))
  )
  server.signal('SIGHUP')
  const closings = await server.waitFor(Promise.all(clients.map(({ closed }) => closed)), 'close frames')
  t.strictSame([...new Set(closings.map(({ code, reason }) => `${code} ${reason}`))], ['1012 the server restarts'])
  t.strictSame(server.events('draining'), [], 'the probation is not over')
  const again = await WebSocketClient.open(server.target(), '/ws/plain')
  t.equal(await again.ask('again'), '2 again')
  await again.close()
  let left = 0
  const isLast = (line: Line) => line.fixture === 'websocket' && line.what === 'left' && ++left === 31
  await server.event({ what: 'the end of each for the app', test: isLast })
  t.strictSame(happened(server, 'moved'), [])
})

t.test('an upgrade that still reaches the parent is closed too', async (t) => {
  // Its connection is one that does not move.
  const server = await startServer(t, settings({ probation: LONG, connections: 'close' }))
  const target = server.target() as { port: number; host: string }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ask = () =>
    new Promise((resolve, reject) => {
      const request = get({ ...target, path: '/phase', agent }, (response) => response.resume().on('end', resolve))
      request.on('error', reject)
    })
  await ask()
  server.signal('SIGHUP')
  await server.event('handed-over')
  const client = await WebSocketClient.open(server.target(), '/ws/echo', { agent })
  t.match(await server.event((line) => line.what === 'opened'), { generation: 1 })
  t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
})

t.test("with websockets: 'move' they move, but for those with a subprotocol", async (t) => {
  const server = await startServer(t, settings({ websockets: 'move' }))
  const plain = await WebSocketClient.open(server.target(), '/ws/plain')
  const named = await WebSocketClient.open(server.target(), '/ws/plain', { protocols: ['graphql-transport-ws'] })
  const own = await WebSocketClient.open(server.target(), '/ws/echo', { protocols: ['chat'] })
  await server.reload()
  t.match(await server.waitFor(named.closed, 'close frame'), { code: 1012 })
  for (const client of [plain, own]) t.equal(await client.ask('hello'), '2 hello')
  await Promise.all([plain.close(), own.close()])
})

t.test('a route can say that its WebSockets do not move', async (t) => {
  const server = await startServer(t, settings({ websockets: 'move' }, { plain: false }))
  const client = await WebSocketClient.open(server.target(), '/ws/plain')
  await server.reload()
  t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
})

t.test('after a rollback, no further WebSocket is closed', async (t) => {
  const server = await startServer(t, settings({ probation: LONG }))
  const parent = server.pid
  server.signal('SIGHUP')
  await server.eventOf(parent, 'handed-over')
  const child = await server.serving(2)
  await server.tell({ command: 'rollback', reason: 'the test says so' }, child)
  await server.event('rolled-back')
  await server.exitOf(child)
  const client = await WebSocketClient.open(server.target(), '/ws/plain')
  t.equal(await client.ask('hello'), '1 hello')
  // The second reload closes them again.
  server.signal('SIGHUP', parent)
  t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
  t.equal(server.events('handed-over').length, 2)
})

t.test('a WebSocket about which a hung child does not answer is taken back, and closed with 1012', async (t) => {
  const server = await startServer(t, settings({ probation: 0, reloadDrainTimeout: LONG, websocketCloseWindow: LONG }))
  const [parent, client] = [server.pid, await WebSocketClient.open(server.target(), '/ws/slow')]
  client.socket.send('work')
  await server.held('work')
  // With a request in progress, the parent is still there when the child wakes up, and can tell it.
  const other = await HttpConnection.open(server.target())
  const answer = other.send({ path: '/hold/other' })
  await server.held('other')
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(parent, 'draining')
  process.kill(child, 'SIGSTOP')
  // It could move from here on.
  await server.tell({ command: 'release', name: 'work' }, parent)
  t.match(await server.waitFor(client.closed, 'close frame', LIMIT), { code: 1012 })
  t.strictSame(client.messages, ['1 work'])
  process.kill(child, 'SIGCONT')
  for (const pid of [child, parent, child]) await server.heard(pid)
  await server.tell({ command: 'release', name: 'other' }, parent)
  t.match(await answer.response, { status: 200 })
  t.equal(await server.exitOf(parent), 0)
  await server.heard(child)
  t.strictSame(happened(server, 'arrived'), [], 'the child has never had it')
})

for (const whom of ['parent', 'child'])
  t.test(
    `a stop of the ${whom} within a probation says 1001, also where the stop begins with a lame duck`,
    async (t) => {
      const server = await startServer(t, settings({ probation: LONG, lameDuck: 300 }))
      const parent = server.pid
      const client = await WebSocketClient.open(server.target(), '/ws/pinned')
      server.signal('SIGHUP')
      const child = await server.takenOver(await server.serving(2))
      server.signal('SIGTERM', whom === 'parent' ? parent : child)
      t.match(await server.waitFor(client.closed, 'close frame'), { code: 1001 })
      t.strictSame([await server.exitOf(parent), await server.exitOf(child)], [0, 0])
    }
  )

t.test('a stop says 1001, as ever', async (t) => {
  const server = await startServer(t, settings({ websocketCloseWindow: LONG }))
  const client = await WebSocketClient.open(server.target(), '/ws/plain')
  server.signal('SIGTERM')
  t.match(await client.closed, { code: 1001 })
  t.equal(await server.exitOf(server.pid), 0)
})

function happened(server: TestServer, what: string) {
  return server.events((line) => line.fixture === 'websocket' && line.what === what)
}

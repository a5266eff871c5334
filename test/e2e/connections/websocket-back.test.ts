import { Agent, get } from 'node:http'
import t, { type Test } from 'tap'
import { handedOver, rolledBack } from '../../support/coming-back.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer, WAYS } from '../../support/start.js'
import { CountingClient, WebSocketClient } from '../../support/websocket.js'

/** WebSockets that have moved to a child, and come back when the child gives the service back. */

const settings: ServerSettings = {
  script: 'websocket.cjs',
  config: { options: { probation: 500 }, staysOnProbation: true }
}

/** Waits until WebSockets have arrived so often at a process, or were opened there. */
async function until(server: TestServer, pid: number, what: 'arrived' | 'opened', count = 1): Promise<void> {
  const test = () =>
    server.events((line) => line.fixture === 'websocket' && line.what === what && line.pid === pid).length >= count
  await server.event({ what: `${what} ${count} times at ${pid}`, test })
}

/** Reloads; returns the pid of the child, and what makes it give the service back. */
async function reload(server: TestServer, round = 1): Promise<[pid: number, giveBack: () => Promise<void>]> {
  server.signal('SIGHUP', server.isLaunched ? server.launcher : server.current)
  const child = await handedOver(server, round)
  const giveBack = async () => {
    await server.tell({ command: 'rollback', reason: 'bad' }, child)
    await rolledBack(server, round)
  }
  return [child, giveBack]
}

async function finish(t: Test, server: TestServer, clients: WebSocketClient[]): Promise<void> {
  t.notOk(clients.some(({ isClosed }) => isClosed))
  for (const client of clients) t.match(await client.close(), { code: 1000 })
  t.equal(await server.stop(), 0)
}

for (const { settings: way, where } of WAYS) {
  t.test(`WebSockets come back with the newest state${where}`, async (t) => {
    const server = await startServer(t, { ...settings, ...way })
    const parent = server.current
    const open = () => WebSocketClient.open(server.target(), '/ws/count?name=Ada')
    const clients = await Promise.all(Array.from({ length: 20 }, open))
    for (const client of clients) t.equal(await client.ask('one'), '1 1')
    for (const round of [1, 2]) {
      const [child, giveBack] = await reload(server, round)
      await until(server, child, 'arrived', 20)
      for (const client of clients) t.equal(await client.ask('there'), `2 ${2 * round}`)
      await giveBack()
      await until(server, parent, 'arrived', 20 * round)
      for (const client of clients) t.equal(await client.ask('back'), `1 ${2 * round + 1}`)
      t.equal(await server.exitOf(child), 0)
    }
    await finish(t, server, clients)
  })
}

t.test('nothing is lost, doubled or out of order while messages flow in both directions', async (t) => {
  const server = await startServer(t, settings)
  const open = () => WebSocketClient.open(server.target(), '/ws/echo')
  const clients = (await Promise.all(Array.from({ length: 40 }, open))).map((client) => new CountingClient(client))
  const ticking = await Promise.all(
    Array.from({ length: 10 }, () => WebSocketClient.open(server.target(), '/ws/ticking'))
  )
  const areAt = (generation: number, some = clients, others = ticking) => {
    const isFrom = ({ messages }: WebSocketClient) => messages.at(-1)?.startsWith(`${generation} `) === true
    const all = [
      ...some.map((client) => client.isAt(generation)),
      ...others.map((client) => client.until(() => isFrom(client)))
    ]
    return server.waitFor(Promise.all(all), `messages of generation ${generation}`)
  }
  // In growing batches they move: so this is any moment of it.
  for (const moved of [40, 1, 4, 12, 30]) {
    const round = server.events('handed-over').length + 1
    await areAt(1)
    const [child, giveBack] = await reload(server, round)
    if (moved === 40) await areAt(2)
    else await until(server, child, 'arrived', moved)
    await giveBack()
    t.equal(await server.exitOf(child), 0)
    await areAt(1)
  }
  await Promise.all(clients.map((client) => client.finish()))
  t.strictSame(
    clients.flatMap(({ wrong }) => wrong),
    []
  )
  for (const { messages } of ticking) {
    const numbers = messages.map((message) => Number(message.split(' ')[1]))
    t.strictSame(
      numbers,
      numbers.map((_, index) => index + 1),
      `${messages.length} numbers of the server`
    )
  }
  await finish(t, server, [...ticking, ...clients.map(({ client }) => client)])
})

t.test(
  'one that the app of the child keeps is let go when the app lets go, and one that may not move is told',
  async (t) => {
    const server = await startServer(t, settings)
    const parent = server.pid
    const [child, giveBack] = await reload(server)
    const slow = await WebSocketClient.open(server.target(), '/ws/slow')
    const plain = await WebSocketClient.open(server.target(), '/ws/plain')
    slow.socket.send('answer')
    t.equal(await server.held('answer'), child)
    await giveBack()
    t.match(await server.waitFor(plain.closed, 'close frame'), { code: 1012 })
    await server.tell({ command: 'release', name: 'answer' }, child)
    t.equal(await slow.message(0), '2 answer')
    await until(server, parent, 'arrived')
    t.equal(await server.exitOf(child), 0)
    slow.socket.send('next')
    t.equal(await server.event({ what: 'next', test: ({ name }) => name === 'next' }).then(({ pid }) => pid), parent)
    await server.tell({ command: 'release', name: 'next' }, parent)
    t.equal(await slow.message(1), '1 next')
    await finish(t, server, [slow])
  }
)

t.test('a connection that has moved, and is a WebSocket now', async (t) => {
  const server = await startServer(t, settings)
  const opened: WebSocketClient[] = []
  const agents = Array.from({ length: 3 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  t.teardown(() => {
    for (const agent of agents) agent.destroy()
  })
  for (const agent of agents) await ask(server, agent)
  const [child, giveBack] = await reload(server)
  for (const agent of agents) {
    while ((await ask(server, agent)) !== child);
    opened.push(await WebSocketClient.open(server.target(), '/ws/count', { agent }))
  }
  await until(server, child, 'opened', 3)
  const [back, closed, closing] = opened as [WebSocketClient, WebSocketClient, WebSocketClient]
  for (const client of opened) t.equal(await client.ask('there'), '2 1')
  // The parent has a copy of each of them, and the client hears nevertheless that its connection has ended.
  t.match(await closed.close(), { code: 1000 })
  await giveBack()
  await until(server, server.pid, 'arrived', 2)
  for (const client of [back, closing]) t.equal(await client.ask('back'), '1 2')
  t.match(await closing.close(), { code: 1000 })
  t.equal(await server.exitOf(child), 0)
  t.equal(await back.ask('again'), '1 3')
  await finish(t, server, [back])
})

/** Asks on the one connection of an agent; returns the pid of the process that answers. */
function ask(server: TestServer, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const { host, port } = server.target() as { host: string; port: number }
    get({ host, port, path: '/', agent }, (response) => {
      let body = ''
      response.on('data', (bytes) => {
        body += bytes
      })
      response.on('end', () => resolve(JSON.parse(body).pid))
    }).on('error', reject)
  })
}

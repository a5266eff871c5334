import t from 'tap'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer, WAYS } from '../../support/start.js'
import { WebSocketClient } from '../../support/websocket.js'

t.jobs = 2

const settings = (extra: Record<string, unknown> = {}): ServerSettings => ({
  script: 'websocket.cjs',
  config: { extra }
})

/** What the handlers of a route have found when they were called. */
function states(server: TestServer) {
  return server.events((line) => line.fixture === 'state').map(({ generation, state }) => ({ generation, state }))
}

for (const { settings: way, where } of WAYS)
  t.test(`what the route hands along is there before the next handler runs${where}`, async (t) => {
    const server = await startServer(t, { ...settings(), ...way })
    const client = await WebSocketClient.open(server.target(), '/ws/count?name=Ada')
    t.equal(await client.ask('one'), '1 1')
    t.equal(await client.ask('two'), '1 2')
    await server.reload()
    t.equal(await client.ask('three'), '2 3')
    await server.reload()
    t.equal(await client.ask('four'), '3 4')
    t.match(states(server), [
      { generation: 1, state: null },
      { generation: 2, state: { count: 2, name: 'Ada' } },
      { generation: 3, state: { count: 3, name: 'Ada' } }
    ])
    await client.close()
  })

t.test('it is taken at the moment of the move: numbers of the server go on without a gap', async (t) => {
  const server = await startServer(t, settings())
  const open = () => WebSocketClient.open(server.target(), '/ws/ticking')
  const clients = await Promise.all(Array.from({ length: 10 }, open))
  for (const generation of [2, 3, 4]) {
    await server.reload()
    const goesOn = (client: WebSocketClient) =>
      client.until(() => client.messages.at(-1)?.startsWith(`${generation} `) === true)
    await server.waitFor(Promise.all(clients.map(goesOn)), `numbers of generation ${generation}`)
  }
  for (const { messages } of clients) {
    const numbers = messages.map((message) => Number(message.split(' ')[1]))
    const wrong = numbers.find((number, index) => number !== index + 1)
    t.equal(wrong, undefined, `${numbers.length} numbers, each after the one before`)
  }
  await Promise.all(clients.map((client) => client.close()))
})

t.test('a route may use the WebSocket while it is asked', async (t) => {
  const server = await startServer(t, settings())
  const client = await WebSocketClient.open(server.target(), `/ws/count?how=${encodeURIComponent('a word of its own')}`)
  t.equal(await client.ask('one'), '1 1')
  await server.reload()
  client.socket.send('two')
  await client.until(() => client.messages.at(-1) === '2 2')
  t.strictSame(client.messages.slice(1, -1), ['wait'])
  await client.close()
})

const USELESS: ReadonlyArray<readonly [how: string, warning: RegExp | undefined]> = [
  ['nothing', undefined],
  ['an error', /no idea/],
  ['a promise', /promise/],
  ['a function', /state\.next is a function/]
]

for (const [how, warning] of USELESS) {
  t.test(`a route that hands along ${how}: its WebSockets are closed with 1012`, async (t) => {
    const server = await startServer(t, settings())
    const open = () => WebSocketClient.open(server.target(), `/ws/count?how=${encodeURIComponent(how)}`)
    const clients = await Promise.all([open(), open()])
    await server.reload()
    for (const client of clients) t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
    t.match(states(server), [{ state: null }, { state: null }], 'no handler of the child was called')
    const warnings = server.events((line) => line.graceful === 'warning')
    if (warning === undefined) t.strictSame(warnings, [])
    else t.match(warnings, [{ warning: /WebSockets of \/ws\/count are closed/, err: { message: warning } }])
    t.equal(warnings.length, warning === undefined ? 0 : 1, 'told once')
    t.strictSame(server.events('forced'), [])
  })
}

const CHANGES: ReadonlyArray<readonly [before: unknown, after: unknown, isMoved: boolean]> = [
  ['state', true, true],
  [true, 'state', false],
  ['state', false, false],
  [true, false, false]
]

for (const [before, after, isMoved] of CHANGES) {
  t.test(`from a release that says ${before} to one that says ${after}`, async (t) => {
    const server = await startServer(t, settings({ changing: before }))
    const client = await WebSocketClient.open(server.target(), '/ws/changing')
    t.equal(await client.ask('one'), '1 1')
    await server.release.configure({ extra: { changing: after } })
    await server.reload()
    if (isMoved) t.equal(await client.ask('two'), '2 2')
    else t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
    t.equal(states(server).length, isMoved ? 2 : 1)
    if (isMoved) await client.close()
  })
}

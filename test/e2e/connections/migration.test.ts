import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { echo } from '../../support/clients.js'
import type { HttpConnection } from '../../support/connection.js'
import { checkMoved, factsOf, openIdle, openUnused, reloadAndCount, untilAt } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

const script = 'migration.cjs'

for (const host of ['127.0.0.1', '::1', 'localhost']) {
  t.test(`idle and unused connections to ${host} move`, async (t) => {
    const server = await startServer(t, { script, config: { apps: [{ port: 0, host }] } })
    for (const { address: ip, port } of await addressesOf(server)) {
      const target = { host: ip, port }
      const [idle, unused] = [await openIdle(target, 8), await openUnused(target, 4)]
      t.equal(await reloadAndCount(server), 12)
      for (const connection of [...idle, ...unused]) {
        t.match(await connection.request(echo('not to be sent twice')), { status: 200, body: 'not to be sent twice' })
        const facts = { ip, localAddress: ip, localPort: port, remotePort: connection.localPort }
        t.match(await factsOf(connection), { pid: server.current, ...facts })
      }
      t.match(await factsOf(idle[0] as HttpConnection), { connections: 12 })
      await checkMoved(t, [...idle, ...unused], server.current)
    }
    t.equal(await server.stop(), 0)
  })
}

t.test('connections of a unix socket move', async (t) => {
  const path = join(await tempFolder(t), 'app.sock')
  const server = await startServer(t, { script, config: { apps: [{ path }] } })
  const connections = [...(await openIdle({ path }, 8)), ...(await openUnused({ path }, 4))]
  t.equal(await reloadAndCount(server), 12)
  t.match(await factsOf(connections[0] as HttpConnection), { generation: 2, connections: 12 })
  await checkMoved(t, connections, server.current)
})

t.test('without probation all move at once', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 0 } } })
  const connections = [...(await openIdle(server.target(), 50)), ...(await openUnused(server.target(), 50))]
  t.equal(await reloadAndCount(server), 100)
  await checkMoved(t, connections, server.current)
})

t.test('connections move evenly over the probation', async (t) => {
  const probation = 2_000 // The test checks that none moves too early. A busy machine may be late.
  const server = await startServer(t, { script, config: { options: { probation } } })
  const connections = await openIdle(server.target(), 31)
  const handedOver = server.eventOf(server.pid, 'handed-over')
  t.equal(await reloadAndCount(server), 31)

  const begin = Number((await handedOver).time)
  const moved = server.events((line) => line.fixture === 'connected' && line.pid === server.current)
  const within = (share: number) => moved.filter(({ time }) => Number(time) - begin < probation * share).length
  t.ok(within(0.1) <= 2, `${within(0.1)} in the first tenth`)
  t.ok(within(0.5) <= 18, `${within(0.5)} in the first half`)
  t.ok(within(0.8) <= 29, `${within(0.8)} in the first eight tenths`)
  await checkMoved(t, connections, server.current)
})

t.test('a busy connection moves as soon as it falls idle, in the probation and after it', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 4_000 } } })
  const [early, late] = (await openUnused(server.target(), 2)) as [HttpConnection, HttpConnection]
  const answers = [early.send({ path: '/hold/early' }), late.send({ path: '/hold/late' })] as const
  await Promise.all([server.held('early'), server.held('late')])
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  await server.tell({ command: 'release', name: 'early' }, server.pid)
  t.match(JSON.parse((await answers[0].response).body), { pid: server.pid, generation: 1 })
  await untilAt(server, child, early)
  t.match(await factsOf(early), { pid: child, generation: 2 })

  t.match((await server.eventOf(server.pid, 'draining')).connections, 1)
  t.match(server.events('reload-succeeded'), [{ result: { migrated: 1 } }])
  await server.tell({ command: 'release', name: 'late' }, server.pid)
  t.match(JSON.parse((await answers[1].response).body), { pid: server.pid, generation: 1 })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
  await checkMoved(t, [early, late], child)
})

t.test('one connection is moved by each of four reloads', async (t) => {
  const server = await startServer(t, { script, config: { options: { probation: 50 } } })
  const [used, silent] = (await openIdle(server.target(), 2)) as [HttpConnection, HttpConnection]
  const [unused] = (await openUnused(server.target(), 1)) as [HttpConnection]
  for (let generation = 2; generation <= 5; generation++) {
    await server.reload()
    const answer = await used.request(echo(`generation ${generation}`))
    t.match(answer, { status: 200, headers: { 'x-generation': String(generation) } })
    t.match(await factsOf(used), { generation, remotePort: used.localPort, connections: 3 })
  }
  await checkMoved(t, [used, silent, unused], server.current)
  t.equal(await server.stop(), 0)
})

t.test('the first request on a moved connection may have as many headers as any', async (t) => {
  const server = await startServer(t, { script })
  const connections = [...(await openIdle(server.target(), 1)), ...(await openUnused(server.target(), 1))]
  await server.reload()
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-header-${index}`, `${index}`]))
  const path = `/connection?${'long'.repeat(1_000)}`
  for (const connection of connections) {
    const facts = JSON.parse((await connection.request({ path, headers })).body)
    t.strictSame(facts.headers, { host: 'fixture', ...headers })
    t.equal(facts.url, path)
  }
  await checkMoved(t, connections, server.current)
})

t.test('a stop ends moved connections like others', async (t) => {
  const server = await startServer(t, { script })
  const connections = [...(await openIdle(server.target(), 3)), ...(await openUnused(server.target(), 3))]
  const [busy] = (await openIdle(server.target(), 1)) as [HttpConnection]
  await server.reload()
  const answer = busy.send({ path: '/hold/busy' })
  const child = await server.held('busy')
  t.equal(child, server.current)
  server.signal('SIGTERM')
  t.match(await server.eventOf(child, 'draining'), { connections: 7 })
  t.strictSame(new Set(await Promise.all(connections.map(({ closed }) => closed))), new Set(['by the server']))
  await server.tell({ command: 'release', name: 'busy' }, child)
  t.match(await answer.response, { status: 200, headers: { connection: 'close' } })
  t.equal(await server.exitOf(child), 0)
})

/** All that the app listens on: one address, or the two loopbacks of localhost. */
async function addressesOf(server: TestServer): Promise<AddressInfo[]> {
  return (await server.event('listening')).addresses as AddressInfo[]
}

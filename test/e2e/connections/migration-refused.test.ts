import t from 'tap'
import { echo } from '../../support/clients.js'
import type { HttpConnection } from '../../support/connection.js'
import { checkMoved, openIdle, openUnused, portsAt, reloadAndCount } from '../../support/moving.js'
import { startServer } from '../../support/start.js'

const script = 'migration.cjs'

for (const [name, config] of [
  ['with a connection listener of the app', { extra: { connectionListeners: [0] } }],
  ["with a connection listener of the app in place of Node's", { extra: { replaceConnectionListener: true } }],
  ["with connections: 'close'", { options: { connections: 'close' as const } }]
] as const) {
  t.test(`connections of a server ${name} end where they are`, async (t) => {
    const server = await startServer(t, { script, config })
    const connections = [...(await openIdle(server.target(), 2)), ...(await openUnused(server.target(), 2))]
    const [busy] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const answer = busy.send({ path: '/hold/busy' })
    await server.held('busy')
    server.signal('SIGHUP')
    await server.eventOf(server.pid, 'draining')
    await server.tell({ command: 'release', name: 'busy' }, server.pid)
    t.match(await answer.response, { status: 200, headers: { connection: 'close' } })
    for (const connection of connections) {
      const last = await connection.request(echo('last'))
      t.match(last, { body: 'last', headers: { connection: 'close', 'x-generation': '1' } })
      t.equal(await connection.closed, 'by the server')
    }
    t.equal(await server.exitOf(server.pid), 0)
    t.match(server.events('reload-succeeded'), [{ result: { migrated: 0 } }])
    const told = server.events(({ warning }) => String(warning).includes('"connection" listeners'))
    t.equal(told.length, 'extra' in config ? 1 : 0, 'the log tells once')
    t.equal(await server.stop(), 0)
  })
}

t.test('only the connections of the app that has its own listener stay', async (t) => {
  const listen = { port: 0, host: '127.0.0.1' }
  const server = await startServer(t, {
    script,
    config: { apps: [listen, listen], extra: { connectionListeners: [1] } }
  })
  const moving = await openIdle(server.target(0), 3)
  const staying = await openIdle(server.target(1), 3)
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  for (const connection of staying) {
    t.match(await connection.request(echo('last')), { headers: { connection: 'close', 'x-generation': '1' } })
  }
  t.equal(await server.exitOf(server.pid), 0)
  await server.heard()
  t.equal(portsAt(server, server.current).length, 3)
  await checkMoved(t, moving, server.current)
})

t.test('the next generation decides for its own connections', async (t) => {
  const server = await startServer(t, { script })
  const connections = await openIdle(server.target(), 3)
  await server.release.configure({ options: { connections: 'close' } })
  t.equal(await reloadAndCount(server), 3, 'the parent moves what it has')
  server.signal('SIGHUP')
  await server.eventOf(server.current, 'draining')
  for (const connection of connections) {
    const last = await connection.request(echo('last'))
    t.match(last, { headers: { connection: 'close', 'x-generation': '2' } })
  }
})

import t from 'tap'
import { echo, FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { Load, reloadUnder } from '../../support/load.js'
import type { FixtureConfig } from '../../support/release.js'
import { startServer } from '../../support/start.js'

t.test('no request fails over several reloads, and each connection is told before it ends', async (t) => {
  const server = await startServer(t, { config: config({ probation: 50 }) })
  const clients = Array.from({ length: 16 }, () => new KeepAliveClient(server.target()))
  const load = new Load([...clients, new FreshClient(server.target())], { pause: 5 })
  const report = await reloadUnder(load, server, 4)
  t.strictSame(report.failures, [])
  t.equal(report.connectionsClosed, 0)
  t.ok(
    clients.every(({ connectionsOpened }) => connectionsOpened === 5),
    'one connection for each generation: nothing is moved, and nothing is told too early'
  )
  t.match(
    server.events('reload-succeeded').map(({ result }) => (result as { migrated: number }).migrated),
    [0, 0, 0, 0]
  )
  t.strictSame(server.events('forced'), [])
})

t.test('a connection that has sent nothing yet, or half a request, is served by the parent', async (t) => {
  const server = await startServer(t, { config: config({ probation: 0 }) })
  const [unused, half] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
  const exchange = half.begin('GET / HTTP/1.1\r\nhost: fix')
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  half.write('ture\r\n\r\n')
  t.match(await exchange.response, { status: 200, headers: { connection: 'close' } })
  t.match(await unused.request(echo('first')), { body: 'first', headers: { connection: 'close' } })
  t.strictSame(await Promise.all([unused.closed, half.closed]), ['by the server', 'by the server'])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('an idle connection does not outlive the drain', async (t) => {
  const server = await startServer(t, { config: config({ probation: 0, drainTimeout: 1_000 }) })
  const idle = await HttpConnection.open(server.target())
  await idle.request({ path: '/' })
  server.signal('SIGHUP')
  t.equal(await server.waitFor(idle.closed, 'end of the idle connection'), 'by the server')
  t.equal(await server.exitOf(server.pid), 0, 'it had nothing in progress')
  t.strictSame(server.events('forced'), [])
})

function config(options: NonNullable<FixtureConfig['options']>): FixtureConfig {
  return { options: { ...options, connections: 'close' } }
}

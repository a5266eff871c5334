import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { EARLY } from '../../support/limit.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilRefused } from '../../support/stop-accepting.js'

const statusRoute = '/status/ready'

async function ask(server: TestServer, path: string) {
  const connection = await HttpConnection.open(server.target())
  const response = await connection.request({ path })
  connection.close()
  return response
}

async function startLameDuck(t: Test): Promise<TestServer> {
  const server = await startServer(t, { config: { options: { ...FORCIBLE, statusRoute, lameDuck: 60_000 } } })
  t.equal((await ask(server, statusRoute)).status, 200)
  server.signal('SIGTERM')
  t.match(await server.event('lame-duck'), { reason: 'SIGTERM', duration: 60_000 })
  return server
}

t.test('a lame duck accepts and answers, and reports that it wants no more', async (t) => {
  const server = await startLameDuck(t)
  t.match(await ask(server, statusRoute), { status: 503, body: '{"phase":"lame duck","generation":1}' })
  const fresh = await ask(server, '/')
  t.equal(fresh.status, 200)
  t.not(fresh.headers.connection, 'close', 'nobody is sent away yet')
  t.match(JSON.parse((await ask(server, '/phase')).body), { phase: 'lame duck' })
  t.strictSame(server.events('draining'), [])

  server.signal('SIGTERM')
  t.match(await server.event('forced'), { reason: 'second stop signal, SIGTERM', requests: [], holds: [] })
  t.equal(await server.exitOf(server.pid), 1)
})

t.test('a lame duck drains when its time is over', async (t) => {
  const lameDuck = 300
  const server = await startServer(t, { config: { options: { lameDuck } } })
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGTERM')
  const draining = await server.event('draining')
  const duration = Number(draining.time) - Number((await server.event('lame-duck')).time)
  t.ok(duration >= lameDuck - EARLY, `${duration} ms`)
  await untilRefused(server.target())
  await server.tell({ command: 'release', name: 'slow' })
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

t.test('the force signal ends a lame duck, and names what that cost', async (t) => {
  const server = await startLameDuck(t)
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGUSR2')
  await t.rejects(slow.response)
  t.match(await server.event('forced'), { reason: 'SIGUSR2', requests: [{ method: 'GET', url: '/hold/slow' }] })
  t.equal(await server.exitOf(server.pid), 1)
})

t.test('a lame duck cannot reload', async (t) => {
  const server = await startLameDuck(t)
  const connection = await HttpConnection.open(server.target())
  const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.match(refused, { status: 503, body: /"GRACEFUL_ERR_STOPPING".*lame duck/ })
  server.signal('SIGHUP')
  t.match(await server.event('reload-failed'), { reason: 'SIGHUP', err: { code: 'GRACEFUL_ERR_STOPPING' } })
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 1)
  t.equal(server.events('reload-failed').length, 1)
})

t.test('an app that closes itself in lame duck does not wait for the end of it', async (t) => {
  const server = await startLameDuck(t)
  await server.tell({ command: 'close' })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('draining').map(({ reason }) => reason)[0], 'the app closes')
})

t.test('an uncaught error leaves no time for a lame duck', async (t) => {
  const server = await startServer(t, { config: { options: { ...FORCIBLE, statusRoute, lameDuck: 60_000 } } })
  await server.tell({ command: 'throw', message: 'nobody catches this' })
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(server.events('lame-duck'), [])
})

t.test('a parent that leaves after a reload is no lame duck', async (t) => {
  const server = await startServer(t, { config: { options: { statusRoute, lameDuck: 60_000, probation: 0 } } })
  await server.reload()
  t.strictSame(server.events('lame-duck'), [])
  server.signal('SIGINT')
  await server.event('lame-duck')
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.current), 1)
})

import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

/** Takes a hold in the process that serves now. */
async function hold(server: TestServer, ...names: string[]): Promise<void> {
  const connection = await HttpConnection.open(server.target())
  for (const name of names)
    t.equal((await connection.request({ method: 'POST', path: `/background/${name}` })).status, 200)
  connection.close()
}

t.test('a drain waits for every hold', async (t) => {
  const server = await startServer(t)
  await hold(server, 'mail', 'report')
  server.signal('SIGTERM')
  await server.event('draining')
  await server.tell({ command: 'release', name: 'mail' })
  await server.event('released')
  t.strictSame(server.events('onClose'), [])
  await server.tell({ command: 'phase' })
  t.match(await server.event('phase'), { phase: 'draining' })
  await server.tell({ command: 'release', name: 'report' })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

t.test('a hold that has been released does not hold up a drain', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 60_000 } } })
  await hold(server, 'mail')
  await server.tell({ command: 'release', name: 'mail' })
  t.equal(await server.stop(), 0)
})

t.test('holds that are left at the deadline are forced and named', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 400 } } })
  await hold(server, 'mail', 'report', 'backup')
  await server.tell({ command: 'release', name: 'report' })
  server.signal('SIGTERM')
  const forced = await server.event('forced')
  t.match(forced, { reason: 'drainTimeout', requests: [], holds: ['mail', 'backup'] })
  t.match(forced.msg, /hold "mail", hold "backup"/)
  t.equal(await server.exitOf(server.pid), 1)
})

t.test('holds that a second stop signal cuts off are named', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 60_000 } } })
  await hold(server, 'mail')
  server.signal('SIGTERM')
  await server.event('draining')
  server.signal('SIGINT')
  t.match(await server.event('forced'), { reason: 'second stop signal, SIGINT', holds: ['mail'] })
  t.equal(await server.exitOf(server.pid), 1)
})

t.test('an app that closes itself waits for its own holds', async (t) => {
  const server = await startServer(t)
  await hold(server, 'mail')
  await server.tell({ command: 'close' })
  await server.event('draining')
  await server.tell({ command: 'release', name: 'mail' })
  await server.event('app closed')
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(
    server.events((line) => /^(released|onClose|app closed)$/.test(line.fixture ?? '')).map((line) => line.fixture),
    ['released', 'onClose', 'app closed']
  )
})

t.test('a stop signal while an app closes itself joins the drain in progress', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 60_000 } } })
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  await hold(server, 'mail')
  await server.tell({ command: 'close' })
  await server.event('draining')
  server.signal('SIGTERM')
  const joined = (line: { graceful?: string; reason?: string }) =>
    line.graceful === 'draining' && line.reason === 'SIGTERM'
  await server.event({ what: 'stop', test: joined })
  await server.tell({ command: 'release', name: 'mail' })
  await server.tell({ command: 'release', name: 'slow' })
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  t.equal(await server.exitOf(server.pid), 0)
  t.equal(server.events('hook').length, 1, 'the drain hook ran once')
  t.strictSame(server.events('forced'), [])
})

t.test('a stop signal while an app closes itself is not cut short by the limit for onClose hooks', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 3_000 } } })
  await hold(server, 'mail')
  await server.tell({ command: 'close' })
  await server.event('draining')
  server.signal('SIGTERM')
  t.match(await server.event('forced'), { reason: 'drainTimeout', holds: ['mail'] })
  t.equal(await server.exitOf(server.pid), 1)
  t.equal(server.events('forced').length, 1)
})

t.test('a parent finishes what is held before it leaves, and the child serves meanwhile', async (t) => {
  const server = await startServer(t, { config: { options: { probation: 0 } } })
  await hold(server, 'mail')
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  const connection = await HttpConnection.open(server.target())
  t.match(JSON.parse((await connection.request({ path: '/' })).body), { generation: 2 })
  connection.close()
  t.strictSame(server.events('onClose'), [])
  await server.tell({ command: 'release', name: 'mail' }, server.pid)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('the signal aborts when draining begins, and not earlier', async (t) => {
  const server = await startServer(t, { config: { options: { lameDuck: 3_000, probation: 200 } } })
  const connection = await HttpConnection.open(server.target())
  const events = connection.send({ path: '/events' })
  await events.head
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP')
  await server.event('reload-failed')
  server.signal('SIGTERM')
  await server.event('lame-duck')
  const other = await HttpConnection.open(server.target())
  t.match(JSON.parse((await other.request({ path: '/phase' })).body), { phase: 'lame duck', aborted: false })
  other.close()
  t.equal((await events.response).body, 'begin\nend\n')
  t.equal(await server.exitOf(server.pid), 0)
  t.equal(server.events('draining').length, 1)
})

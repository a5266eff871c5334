import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startServer } from '../../support/start.js'

const path = '/status/ready'

t.test('the status route answers 200 while the app serves, and its answer is not to be stored', async (t) => {
  const server = await startServer(t, { config: { options: { statusRoute: path } } })
  const connection = await HttpConnection.open(server.target())
  const response = await connection.request({ path })
  t.match(response, { status: 200, body: '{"phase":"serving","generation":1}' })
  t.match(response.headers, { 'cache-control': 'no-store', 'content-type': /^application\/json/ })
  connection.close()
})

for (const connections of ['migrate', 'close'] as const) {
  t.test(`it stays 200 through a reload, on old and new connections (${connections})`, async (t) => {
    const config = {
      options: { statusRoute: path, probation: 1_000, connections },
      hooks: { preReload: 'wait' } as const
    }
    const server = await startServer(t, { script: 'hooks.cjs', config })
    const old = await HttpConnection.open(server.target())
    const ready = async (connection: HttpConnection) => {
      const { status, body } = await connection.request({ path })
      t.equal(status, 200, body)
      return JSON.parse(body)
    }
    t.match(await ready(old), { phase: 'serving', generation: 1 })
    // Something that keeps the parent alive.
    await old.request({ method: 'POST', path: '/background/work' })

    server.signal('SIGHUP')
    await server.held('preReload')
    t.match(await ready(old), { phase: 'reloading', generation: 1 })
    await server.tell({ command: 'release', name: 'preReload' })
    await server.event('handed-over')
    const fresh = await HttpConnection.open(server.target())
    t.match(await ready(fresh), { phase: 'serving', generation: 2 })
    await ready(old)

    await server.eventOf(server.pid, 'draining')
    const last = await ready(old)
    if (connections === 'close') t.strictSame(last, { phase: 'draining', generation: 1 })
    t.match(await ready(fresh), { phase: 'serving', generation: 2 })
    await server.tell({ command: 'release', name: 'work' }, server.pid)
    old.close()
    fresh.close()
    t.equal(await server.exitOf(server.pid), 0)
  })
}

t.test('it stays 200 through a reload that fails', async (t) => {
  const server = await startServer(t, { config: { options: { statusRoute: path } } })
  await server.release.configure({ boot: 'throw' })
  const connection = await HttpConnection.open(server.target())
  server.signal('SIGHUP')
  await server.event('reload-started')
  t.equal((await connection.request({ path })).status, 200)
  await server.event('reload-failed')
  t.match(await connection.request({ path }), { status: 200, body: '{"phase":"serving","generation":1}' })
  connection.close()
})

t.test('it says 503 when the process stops, on a connection that is still open', async (t) => {
  const config = { options: { statusRoute: path }, hooks: { drain: 'block' } as const }
  const server = await startServer(t, { script: 'hooks.cjs', config })
  const connection = await HttpConnection.open(server.target())
  t.equal((await connection.request({ path })).status, 200)
  server.signal('SIGTERM')
  await server.held('drain')
  const response = connection.request({ path })
  await server.release.write('end of the block', '')
  t.match(await response, {
    status: 503,
    body: '{"phase":"draining","generation":1}',
    headers: { connection: 'close' }
  })
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('an app that closes says 503 while the other app of the process says 200', async (t) => {
  const local = { port: 0, host: '127.0.0.1' }
  const config = { options: { statusRoute: path }, apps: [local, local], hooks: { drain: 'block' } as const }
  const server = await startServer(t, { script: 'hooks.cjs', config })
  const [first, second] = [await HttpConnection.open(server.target(0)), await HttpConnection.open(server.target(1))]
  t.equal((await first.request({ path })).status, 200)
  await server.tell({ command: 'close', index: 0 })
  await server.held('drain')
  const answer = first.request({ path })
  await server.release.write('end of the block', '')
  t.match(await answer, { status: 503, headers: { connection: 'close' } })
  await server.event('app closed')
  t.match(await second.request({ path }), { status: 200, body: '{"phase":"serving","generation":1}' })
  second.close()
  t.equal(await server.stop(), 0)
})

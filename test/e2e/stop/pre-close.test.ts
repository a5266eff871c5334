import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

// Fastify's own remedy for streams without an end are `preClose` hooks, which it runs when it closes: that is after the
// drain.

t.jobs = 2

/** For a test that would have to wait for the limit if a stream went on. */
const options = { drainTimeout: 600_000 }

const start = (t: Parameters<typeof startServer>[0], hook?: string, drainTimeout = options.drainTimeout) =>
  startServer(t, { script: 'pre-close.cjs', config: { options: { drainTimeout }, extra: { hook } } })

async function openStreams(server: TestServer) {
  const connection = await HttpConnection.open(server.target())
  const other = await HttpConnection.open(server.target())
  const bodies = [connection.request({ path: '/outer' }), other.request({ path: '/inner' })]
  for (const path of ['/outer', '/inner']) await server.held(path)
  return Promise.all(bodies.map((response) => response.then(({ body }) => body)))
}

const WAYS: ReadonlyArray<readonly [what: string, leave: (server: TestServer) => unknown]> = [
  ['a reload', (server) => server.signal('SIGHUP')],
  ['a stop', (server) => server.signal('SIGTERM')],
  ['app.close()', (server) => server.tell({ command: 'close' })]
]

for (const [what, leave] of WAYS) {
  t.test(`${what} ends the streams at the beginning of its drain, by each hook once`, async (t) => {
    const server = await start(t)
    const { pid } = server
    const bodies = openStreams(server)
    await Promise.all(['/outer', '/inner'].map((path) => server.held(path)))
    await leave(server)
    t.strictSame(await server.waitFor(bodies, 'ends of the streams'), ['begin\nend\n', 'begin\nend\n'])
    t.equal(await server.exitOf(pid), 0)
    t.strictSame(server.events('forced'), [])
    t.match(
      server.events((line) => line.fixture === 'preClose' && line.pid === pid),
      [{ where: 'outer', isApp: true, phase: 'draining' }, { where: 'inner' }]
    )
    t.equal(server.events((line) => line.fixture === 'preClose' && line.pid === pid).length, 2)
  })
}

t.test('a hook that throws is logged, and the next one runs', async (t) => {
  const server = await start(t, 'throw')
  const bodies = openStreams(server)
  await Promise.all(['/outer', '/inner'].map((path) => server.held(path)))
  server.signal('SIGTERM')
  t.equal((await server.waitFor(bodies, 'ends of the streams')).length, 2)
  t.equal(await server.exitOf(server.pid), 0)
  t.match(await server.event('warning'), { warning: 'a preClose hook threw', err: { message: 'the hook says so' } })
})

t.test('a hook that hangs is cut off at the limit, and named', async (t) => {
  const server = await start(t, 'hang', 300)
  server.signal('SIGTERM')
  t.match(await server.event('forced'), { requests: [], holds: ['preClose hooks'] })
  t.equal(await server.exitOf(server.pid), 1)
})

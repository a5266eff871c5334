import t from 'tap'
import { checkFresh, failReload, succeedReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { launchServer, startServer } from '../../support/start.js'

const script = 'warmup.cjs'

t.test('URLs are requested before anything listens, in the first process and in its child', async (t) => {
  // The second loopback, where there is one, is no second warm-up.
  const config = { apps: [{ port: 0, host: 'localhost' }], extra: { warmup: 'urls' } }
  const server = await startServer(t, { script, config })
  await server.reload()
  for (const pid of [server.pid, server.current]) {
    const lines = server.events((line) => line.pid === pid && ['warmed', 'listening'].includes(String(line.fixture)))
    t.match(lines, [{ fixture: 'warmed' }, { fixture: 'listening' }])
    t.equal(lines.length, 2, 'once, and a status of 404 is no failure')
    const warning =
      'the warm-up request GET /nowhere was answered with status 404, so this request did not warm up the app'
    t.match(
      server.events((line) => line.pid === pid && line.graceful === 'warning'),
      [{ warning }]
    )
  }
})

t.test('URLs are requested until the answers no longer become quicker, then it listens', async (t) => {
  const server = await startServer(t, { script, config: { extra: { warmup: 'repeated' } } })
  const names = server
    .events((line) => ['warmed', 'listening'].includes(String(line.fixture)))
    .map(({ fixture }) => fixture)
  t.ok(names.length > 10, `${names.length - 1} rounds`)
  t.strictSame(names.indexOf('listening'), names.length - 1)
  t.equal(server.events('warning').length, 1)
})

t.test('the parent serves while its child warms up', async (t) => {
  const server = await launchServer(t, { script, config: { extra: { warmup: 'function' } } })
  const isWarming = (line: Line) => line.fixture === 'warming' && line.pid !== server.pid
  t.match(await server.eventOf(server.pid, 'warming'), { phase: 'starting', routes: true })
  t.strictSame(server.events('listening'), [])
  await server.tell({ command: 'release', name: 'warm' }, server.pid)
  await server.serving(1)

  server.signal('SIGHUP')
  const { pid: child } = await server.event({ what: 'warm-up of the child', test: isWarming })
  await checkFresh(t, server, server.pid)
  t.strictSame(
    server.events((line) => line.pid === child && line.fixture === 'listening'),
    []
  )
  await server.tell({ command: 'release', name: 'warm' }, child)
  t.equal(await server.exitOf(server.pid), 0)
  t.equal(server.current, child)
  await checkFresh(t, server, child)
})

for (const [warmup, code, says] of [
  ['throw', 'GRACEFUL_ERR_CHILD_EXITED', /the cache is cold/],
  ['status', 'GRACEFUL_ERR_CHILD_EXITED', /GET \/broken was answered with status 500/],
  ['hang', 'GRACEFUL_ERR_READY_TIMEOUT', /readyTimeout/]
] as const) {
  t.test(`a warm-up that fails is a failed boot: ${warmup}`, async (t) => {
    // Short, yet long enough for a child to be ready on a busy machine.
    const options = warmup === 'hang' ? { readyTimeout: 15_000 } : {}
    const server = await startServer(t, { script, config: { options } })
    const refusal = await failReload(t, server, () => server.release.configure({ extra: { warmup } }))
    t.match(refusal, { code })
    t.match(server.events('reload-failed').at(-1)?.msg, says)
    await server.release.configure({ extra: {} })
    await succeedReload(t, server)
  })
}

t.test('a first process whose warm-up fails never listens', async (t) => {
  const server = await launchServer(t, { script, config: { extra: { warmup: 'status' } } })
  const { code } = await server.waitFor(server.exit, 'end of the process')
  t.equal(code, 1)
  await server.waitFor(server.gone, 'end of all output')
  t.strictSame(server.events('listening'), [])
  t.match(server.output.toString(), /GRACEFUL_ERR_WARMUP/)
})

t.test('a warm-up that is over before its listen call has returned', async (t) => {
  const server = await startServer(t, { script, config: { extra: { warmup: 'nothing' } } })
  await checkFresh(t, server, server.pid)
})

t.test('a stop during the warm-up of a child leaves nothing behind', async (t) => {
  const server = await startServer(t, { script, config: {} })
  await server.release.configure({ extra: { warmup: 'function' } })
  const connection = await HttpConnection.open(server.target())
  await connection.request({ path: '/' })
  server.signal('SIGHUP')
  await server.event('warming')
  t.equal(await server.stop(), 0)
  t.match(server.events('reload-failed'), [{ err: { code: 'GRACEFUL_ERR_STOPPING' } }])
  t.equal(await connection.closed, 'by the server')
})

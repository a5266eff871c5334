import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { type FixtureConfig, FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

const local = { port: 0, host: '127.0.0.1' }

const start = (t: Test, config: FixtureConfig = {}) =>
  startServer(t, { script: 'diagnostics.cjs', config: { ...config, options: { probation: 0, ...config.options } } })

/**
 * The transitions of one process in order, each of which was published and then logged with the same data. That is all
 * that was published and all that was logged.
 */
function transitions(t: Test, server: TestServer, pid = server.pid): string[] {
  const isTold = (line: Line) => line.pid === pid && (line.graceful !== undefined || line.fixture === 'published')
  const lines = server.events(isTold)
  const published = lines.filter((_, index) => index % 2 === 0)
  const logged = lines.filter((_, index) => index % 2 === 1)
  t.strictSame(
    published.map(({ event }) => event),
    logged.map(({ graceful }) => graceful),
    'each is published and logged'
  )
  for (const [index, { event, data, code, isError }] of published.entries()) {
    const line = logged[index] as Line
    t.match(line, data as object, `${event}: the same data`)
    t.ok(String(line.msg).length > 0, `${event}: ${line.msg}`)
    if (isError) t.match(line.err, code === undefined ? { message: String } : { message: String, code })
  }
  return published.map(({ event }) => String(event))
}

async function fail(server: TestServer): Promise<void> {
  const config = JSON.parse(await server.release.read('config.json'))
  await server.release.write('config.json', JSON.stringify({ ...config, boot: 'throw' }))
}

t.test('start, reload and stop', async (t) => {
  const server = await start(t)
  await server.reload()
  const child = server.current
  t.equal(await server.stop(), 0)
  const reloaded = ['reload-started', 'handed-over', 'reload-succeeded', 'draining', 'closed']
  t.strictSame(transitions(t, server), ['serving', ...reloaded])
  t.strictSame(transitions(t, server, child), ['adopted', 'serving', 'draining', 'closed'])

  const { address } = server.events((line) => line.fixture === 'listening')[0] as Line
  const { port } = address as { port: number }
  t.match(await server.eventOf(server.pid, 'serving'), { generation: 1, listeners: [`127.0.0.1:${port}`], level: 30 })
  t.match(await server.eventOf(child, 'adopted'), { key: 'tcp 127.0.0.1 0', address: `127.0.0.1:${port}` })
  t.match(await server.eventOf(server.pid, 'reload-started'), { reason: 'SIGHUP', child })
  t.match(await server.eventOf(server.pid, 'handed-over'), { child, probation: 0 })
  t.match(await server.eventOf(server.pid, 'reload-succeeded'), { result: { generation: 2, pid: child } })
  t.match(await server.eventOf(server.pid, 'draining'), { reason: 'reloaded', connections: 0, timeout: 60_000 })
  t.match(await server.eventOf(child, 'closed'), { reason: 'SIGTERM', exitCode: 0 })
})

t.test('a reload that fails', async (t) => {
  const server = await start(t)
  await fail(server)
  server.signal('SIGHUP')
  t.match(await server.event('reload-failed'), {
    reason: 'SIGHUP',
    level: 50,
    err: { code: 'GRACEFUL_ERR_CHILD_EXITED' }
  })
  t.equal(await server.stop(), 0)
  t.strictSame(transitions(t, server), ['serving', 'reload-started', 'reload-failed', 'draining', 'closed'])
})

t.test('a rollback', async (t) => {
  const server = await start(t, { options: { probation: 60_000 } })
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.event('handed-over')
  process.kill(child, 'SIGKILL')
  t.match(await server.event('rolled-back'), { reason: 'SIGHUP', level: 50, err: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 0)
  const rolledBack = ['reload-started', 'handed-over', 'rolled-back']
  t.strictSame(transitions(t, server), ['serving', ...rolledBack, 'draining', 'closed'])
  t.strictSame(transitions(t, server, child), ['adopted', 'serving'])
})

t.test('a stop through lame duck, which is forced', async (t) => {
  const server = await start(t, { options: { ...FORCIBLE, lameDuck: 60_000 } })
  server.signal('SIGTERM')
  await server.event('lame-duck')
  server.signal('SIGUSR2')
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(transitions(t, server), ['serving', 'lame-duck', 'draining', 'forced', 'closed'])
  t.match(await server.event('closed'), { reason: 'SIGUSR2', exitCode: 1 })
})

t.test('a drain that is forced at its deadline', async (t) => {
  const server = await start(t, { options: { drainTimeout: 300 } })
  const connection = await HttpConnection.open(server.target())
  connection.send({ path: '/hold/stuck' })
  await server.held('stuck')
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(transitions(t, server), ['serving', 'draining', 'forced', 'closed'])
  t.match(await server.event('forced'), {
    reason: 'drainTimeout',
    level: 40,
    requests: [{ method: 'GET', url: '/hold/stuck' }]
  })
  t.match(await server.event('closed'), { exitCode: 1 })
})

t.test('a stop that overtakes a reload, which several signals asked for, is told once', async (t) => {
  const server = await start(t)
  const config = JSON.parse(await server.release.read('config.json'))
  await server.release.write('config.json', JSON.stringify({ ...config, boot: 'hang' }))
  server.signal('SIGHUP')
  await server.event('boot')
  server.signal('SIGHUP')
  await server.event('reload-queued')
  await server.tell({ command: 'reload' })
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 0)
  const found = transitions(t, server)
  t.strictSame(found.slice(0, 4), ['serving', 'reload-started', 'reload-queued', 'reload-failed'])
  t.strictSame(found.filter((event) => event !== 'reload-failed').slice(3), ['draining', 'closed'])
  t.ok(found.filter((event) => event === 'reload-failed').length <= 2, 'once for each reload')
})

t.test('a listener that no app asks for any more, and a warning', async (t) => {
  const server = await start(t, { apps: [local], servers: [local] })
  const port = String((server.target(0, 'server') as { port: number }).port)
  await server.release.configure({ servers: [] })
  await server.reload()
  const unclaimed = await server.eventOf(server.current, 'unclaimed')
  t.match(unclaimed, { key: 'tcp 127.0.0.1 0', address: `127.0.0.1:${port}`, level: 40 })
  const found = transitions(t, server, server.current)
  t.strictSame([...found].sort(), ['adopted', 'serving', 'unclaimed'])
  t.equal(await server.stop(), 0)
})

t.test('an app that closes itself', async (t) => {
  const server = await start(t)
  await server.tell({ command: 'close' })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(transitions(t, server), ['serving', 'draining', 'closed'])
  t.match(await server.event('closed'), { reason: 'the app closed', exitCode: 0 })
})

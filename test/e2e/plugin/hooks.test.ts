import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { isNamed, type Line } from '../../support/output.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

t.jobs = 3

type Hooks = NonNullable<FixtureConfig['hooks']>

const start = (t: Test, hooks: Hooks, options: FixtureConfig['options'] = {}) =>
  startServer(t, { script: 'hooks.cjs', config: { hooks, options: { probation: 0, ...options } } })

/** Hooks and transitions of one process, in order. */
function story(server: TestServer, pid = server.pid): string[] {
  const isTold = (line: Line) => line.pid === pid && (line.graceful !== undefined || /hook$/.test(line.fixture ?? ''))
  return server
    .events(isTold)
    .map(({ graceful, fixture, name }) => graceful ?? (fixture === 'hook' ? `${name} 2` : `${name} 1`))
}

const detail = (server: TestServer, name: string) =>
  server.events((line) => line.fixture === 'first hook' && line.name === name)[0]?.detail

t.test('hooks run in order, each at its time and with what it needs to know', async (t) => {
  const server = await start(t, {})
  await server.reload()
  t.strictSame(story(server), [
    'serving',
    ...['preReload 1', 'preReload 2', 'reload-started', 'handed-over'],
    ...['reload-succeeded', 'postReload 1', 'postReload 2'],
    ...['draining', 'drain 1', 'drain 2', 'closed']
  ])
  t.strictSame(detail(server, 'preReload'), { reason: 'SIGHUP' })
  t.match(detail(server, 'postReload'), { generation: 2, pid: server.current, reason: 'SIGHUP', timings: {} })
  t.strictSame(detail(server, 'drain'), { reason: 'reloaded' })
  const child = server.current
  t.equal(await server.stop(), 0)
  t.strictSame(story(server, child), ['adopted', 'serving', 'draining', 'drain 1', 'drain 2', 'closed'])
})

t.test('hooks are awaited', async (t) => {
  const server = await start(t, { preReload: 'wait', postReload: 'wait', drain: 'wait' })
  server.signal('SIGHUP')
  for (const [name, next] of [
    ['preReload', 'reload-started'],
    ['postReload', 'draining'],
    ['drain', 'onClose']
  ] as const) {
    const isHeld = (line: Line) => line.fixture === 'held' && line.name === name && line.pid === server.pid
    await server.event({ what: `hook ${name}`, test: isHeld })
    const isTooEarly = (line: Line) =>
      line.pid === server.pid && (isNamed(line, next) || (line.fixture === 'hook' && line.name === name))
    t.strictSame(server.events(isTooEarly), [], `${name} is awaited`)
    await server.tell({ command: 'release', name }, server.pid)
  }
  t.equal(await server.exitOf(server.pid), 0)
  const child = server.current
  server.signal('SIGTERM')
  await server.event({ what: 'hook of the child', test: (line) => line.fixture === 'held' && line.pid === child })
  await server.tell({ command: 'release', name: 'drain' }, child)
  t.equal(await server.exitOf(child), 0)
})

t.test('a preReload hook that throws vetoes, and the hooks after it do not run', async (t) => {
  const server = await start(t, { preReload: 'throw' })
  const connection = await HttpConnection.open(server.target())
  const refused = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.match(refused, { status: 409, body: /"GRACEFUL_ERR_VETOED".*this hook went wrong/ })
  await server.heard()
  t.strictSame(story(server), ['serving', 'preReload 1', 'reload-failed', 'reloadFailed 1', 'reloadFailed 2'])
  t.strictSame(detail(server, 'reloadFailed'), { code: 'GRACEFUL_ERR_VETOED' })
  connection.close()
})

t.test('a preReload hook that hangs fails the reload, and the hooks after it never run', async (t) => {
  const server = await start(t, { preReload: 'wait' }, { readyTimeout: 15_000 })
  await server.tell({ command: 'reload' })
  t.match(await server.event('reload rejected'), { code: 'GRACEFUL_ERR_READY_TIMEOUT', statusCode: 504 })
  await server.tell({ command: 'release', name: 'preReload' })
  await server.event('released')
  const connection = await HttpConnection.open(server.target())
  t.equal((await connection.request({ path: '/' })).status, 200)
  t.strictSame(story(server), ['serving', 'preReload 1', 'reload-failed', 'reloadFailed 1', 'reloadFailed 2'])
  connection.close()
  server.signal('SIGHUP')
  t.match(await server.eventOf(server.pid, 'reload-started'), { reason: 'SIGHUP' }, 'the next reload begins')
})

for (const name of ['postReload', 'drain'] as const) {
  t.test(`a ${name} hook that throws is logged, and does not keep the process`, async (t) => {
    const server = await start(t, { [name]: 'throw' })
    await server.reload()
    t.match(await server.eventOf(server.pid, 'warning'), {
      warning: new RegExp(`a ${name} hook`),
      err: { message: /went wrong/ }
    })
    t.ok(story(server).includes(`${name} 2`), 'the next hook runs all the same')
    t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 0 })
  })
}

t.test('a postReload hook that hangs is given up', async (t) => {
  const server = await start(t, { postReload: 'hang' }, { drainTimeout: 400 })
  await server.reload()
  t.match(await server.eventOf(server.pid, 'warning'), { warning: /the postReload hooks took longer than 400 ms/ })
  t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 0 })
})

t.test('a drain hook that hangs is forced at the deadline and named', async (t) => {
  const server = await start(t, { drain: 'hang' }, { drainTimeout: 400 })
  server.signal('SIGTERM')
  t.match(await server.event('forced'), { reason: 'drainTimeout', requests: [], holds: ['drain hooks'] })
  t.equal(await server.exitOf(server.pid), 1)
  t.equal(server.events('onClose').length, 1)
})

for (const deed of ['throw', 'hang'] as const) {
  t.test(`a reloadFailed hook that does ${deed} hides neither the error nor the next reload`, async (t) => {
    const server = await start(t, { reloadFailed: deed }, { drainTimeout: 400 })
    const config = JSON.parse(await server.release.read('config.json'))
    await server.release.write('config.json', JSON.stringify({ ...config, boot: 'throw' }))
    await server.tell({ command: 'reload' })
    t.match(await server.event('reload rejected'), { code: 'GRACEFUL_ERR_CHILD_EXITED' })
    t.match(await server.event('warning'), { warning: deed === 'throw' ? /went wrong/ : /took longer than 400 ms/ })
    t.equal(story(server).includes('reloadFailed 2'), deed === 'throw')
    await server.release.configure({})
    await server.reload()
    t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 0 })
  })
}

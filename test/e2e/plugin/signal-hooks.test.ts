import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

t.jobs = 3

type Deed = 'note' | 'throw' | 'hang'

const BOTH = (deed: Deed): NonNullable<FixtureConfig['hooks']> => ({ preSignal: deed, postSignal: deed })

const start = (t: Test, deed: Deed, settings: { launcher?: string[]; options?: FixtureConfig['options'] } = {}) => {
  const { options = {}, ...launcher } = settings
  return startServer(t, {
    script: 'hooks.cjs',
    config: { hooks: BOTH(deed), options: { probation: 0, ...options } },
    ...launcher
  })
}

/** What the hooks of one process have been told, each in a line. */
function heard(server: TestServer, pid: number): string[] {
  const isHook = (line: Line) => line.pid === pid && line.fixture === 'first hook' && /Signal$/.test(String(line.name))
  return server.events(isHook).map(({ name, phase, detail }) => {
    const { signal, action } = detail as { signal: string; action: string }
    return `${name} ${signal} ${action}: ${phase}`
  })
}

const RELOAD = ['preSignal SIGHUP reload: serving', 'postSignal SIGHUP reload: reloading']
const STOP = ['preSignal SIGTERM stop: serving', 'postSignal SIGTERM stop: draining']

t.test('hooks run before and after what a signal does, with its name and meaning', async (t) => {
  const server = await start(t, 'note')
  const second = await server.reload()
  t.strictSame(heard(server, server.pid), RELOAD)
  t.strictSame(heard(server, second), [], 'the child has had no signal')
  await server.tell({ command: 'reload' })
  const third = await server.serving(3)
  await server.exitOf(second)
  t.strictSame(heard(server, second), [], 'nor does a call count as one')
  t.equal(await server.stop(), 0)
  t.strictSame(heard(server, third), STOP)
})

for (const deed of ['throw', 'hang'] as const) {
  t.test(`hooks that ${deed} change nothing`, async (t) => {
    const server = await start(t, deed)
    const child = await server.reload()
    t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 0 })
    t.equal(await server.stop(), 0)
    t.strictSame(heard(server, child), STOP)
    t.strictSame(server.events('forced'), [])
    const warnings = server.events('warning').map(({ pid, warning }) => `${pid} ${warning}`)
    const failures = [server.pid, child].flatMap((pid) =>
      ['preSignal', 'postSignal'].map((name) => `${pid} a ${name} hook failed: this hook went wrong`)
    )
    t.strictSame(warnings, deed === 'throw' ? failures : [])
  })
}

t.test('a hook that is not over in time is logged', async (t) => {
  // The process goes on: a reload signal that is refused.
  const server = await start(t, 'hang', { options: { drainTimeout: 300 } })
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP')
  await server.event('reload-failed')
  for (const name of ['preSignal', 'postSignal'])
    await server.event({
      what: `warning about ${name}`,
      test: ({ warning }) => warning === `a ${name} hook is not over after 300 ms; nothing waits for it`
    })
  t.equal(await server.stop(), 0)
})

t.test('a second signal forces, and waits for no hook', async (t) => {
  const server = await start(t, 'hang')
  const connection = await HttpConnection.open(server.target())
  const held = connection.send({ path: '/hold/work' })
  held.response.catch(() => {})
  await server.held('work')
  server.signal('SIGTERM')
  await server.event('draining')
  server.signal('SIGINT')
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(heard(server, server.pid), [...STOP, 'preSignal SIGINT force: draining'])
})

t.test('a signal of the option force', async (t) => {
  const server = await start(t, 'note', { options: { signals: { force: ['SIGUSR2'] } } })
  server.signal('SIGUSR2')
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame(heard(server, server.pid), ['preSignal SIGUSR2 force: serving'])
})

t.test('with a launcher they run in the server, when that is told what the signal means', async (t) => {
  const server = await start(t, 'note', { launcher: [] })
  const first = server.current
  const second = await server.reload()
  t.strictSame(heard(server, first), RELOAD)
  server.signal('SIGHUP', second)
  const third = await server.serving(3)
  await server.exitOf(second)
  t.strictSame(heard(server, second), RELOAD, 'once, if the server itself has had the signal')

  const connection = await HttpConnection.open(server.target())
  const held = connection.send({ path: '/hold/work' })
  held.response.catch(() => {})
  await server.held('work')
  server.signal('SIGTERM', server.launcher)
  await server.eventOf(third, 'draining')
  server.signal('SIGTERM', server.launcher)
  await server.exitOf(third)
  t.strictSame(heard(server, third), [...STOP, 'preSignal SIGTERM force: draining'])
  t.match(await server.exit, { code: 1 })
})

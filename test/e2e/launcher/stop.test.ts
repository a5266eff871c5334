import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { launchServer, startServer } from '../../support/start.js'

async function start(t: Test, options = {}): Promise<TestServer> {
  return startServer(t, { launcher: [], config: { options: { probation: 10_000, ...options } } })
}

t.jobs = 2

/** Brings a reload to a stage and keeps it there. */
const STAGES: Record<string, (server: TestServer) => Promise<unknown>> = {
  'while nothing else happens': async () => {},
  'while a child boots': async (server) => {
    await server.release.configure({ boot: 'hang' })
    server.signal('SIGHUP', server.launcher)
    await server.event('boot')
  },
  'as soon as a child is started': async (server) => {
    server.signal('SIGHUP', server.launcher)
    await server.eventOf(server.pid, 'reload-started')
  },
  'in the probation': async (server) => {
    server.signal('SIGHUP', server.launcher)
    await server.eventOf(server.pid, 'handed-over')
  }
}

for (const [when, reach] of Object.entries(STAGES)) {
  t.test(`a stop ${when}: the requests in progress are finished, and nothing is left`, async (t) => {
    const server = await start(t)
    const busy = await HttpConnection.open(server.target())
    const slow = busy.send({ path: '/hold/slow' })
    t.equal(await server.held('slow'), server.pid)
    await reach(server)
    server.signal('SIGTERM', server.launcher)
    await server.eventOf(server.pid, 'draining')
    await server.tell({ command: 'release', name: 'slow' }, server.pid)
    t.match(await slow.response, { status: 200 })
    busy.close()
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
    await server.waitFor(server.gone, 'end of all')
    t.strictSame(server.alive(), [])
    t.strictSame(server.events('forced'), [])
  })

  for (const signal of ['SIGTERM', 'SIGUSR2'] as const) {
    t.test(`a forced end (${signal}) ${when} leaves nothing`, async (t) => {
      const server = await start(t, FORCIBLE)
      const busy = await HttpConnection.open(server.target())
      const slow = busy.send({ path: '/hold/slow' })
      await server.held('slow')
      await reach(server)
      if (signal === 'SIGTERM') {
        server.signal('SIGTERM', server.launcher)
        await server.eventOf(server.pid, 'draining')
      }
      server.signal(signal, server.launcher)
      await t.rejects(slow.response)
      const { code, signal: endedBy } = await server.waitFor(server.exit, 'end of the launcher')
      t.ok(code === 1 || endedBy === 'SIGKILL', `${code} ${endedBy}`)
      if (when === 'while nothing else happens') t.equal(code, 1)
      await server.waitFor(server.gone, 'end of all')
    })
  }
}

for (const [signal, code] of [
  ['SIGTERM', 0],
  ['SIGUSR2', 1]
] as const) {
  t.test(`${signal} to the server alone is an order, not a crash`, async (t) => {
    const server = await launchServer(t, { launcher: [], config: { options: FORCIBLE, boot: 'wait' } })
    const { pid } = await server.event('boot')
    // A message after a handle waits until the handle is acknowledged: here, the last message after the listening
    // socket.
    server.signal('SIGSTOP', server.launcher)
    await server.release.write('go', '')
    await server.serving(1)
    server.signal(signal, Number(pid))
    await server.eventOf(Number(pid), 'closed')
    server.signal('SIGCONT', server.launcher)
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code, signal: null })
    t.equal(server.events('serving').length, 1)
  })
}

/** What ends the service from within, with the code of the launcher. */
const FROM_WITHIN: Record<string, (server: TestServer) => unknown> = {
  'a stop signal to the server': (server) => server.signal('SIGTERM', server.pid),
  'app.graceful.stop()': (server) => server.tell({ command: 'stop', reason: 'enough' }),
  'app.close()': (server) => server.tell({ command: 'close' })
}

for (const [what, end] of Object.entries(FROM_WITHIN)) {
  t.test(`${what} ends the launcher with 0`, async (t) => {
    const server = await start(t)
    await end(server)
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
    t.equal(server.events('serving').length, 1)
  })
}

t.test('a stop signal to the child in its probation ends the service', async (t) => {
  const server = await start(t)
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGTERM', Number(child))
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
})

t.test('^C, which every process of the terminal hears, is one stop', async (t) => {
  const server = await start(t)
  const busy = await HttpConnection.open(server.target())
  const slow = busy.send({ path: '/hold/slow' })
  await server.held('slow')
  for (const pid of [server.launcher, server.pid]) server.signal('SIGINT', pid)
  await server.eventOf(server.pid, 'draining')
  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  t.match(await slow.response, { status: 200 })
  busy.close()
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
  t.strictSame(server.events('forced'), [])
})

t.test('the parent dies in the probation after it was told to stop: its child stops too', async (t) => {
  const server = await start(t)
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGSTOP', server.pid)
  server.signal('SIGTERM', server.launcher)
  // The service must end, whether or not the launcher has seen the first signal yet.
  server.signal('SIGKILL', server.pid)
  await server.exitOf(Number(child))
  await server.waitFor(server.exit, 'end of the launcher')
})

t.test('how a first server ends that cannot boot is how the launcher ends, at once', async (t) => {
  const endings = {
    'process.exit(7)': { code: 7, signal: null },
    'throw new Error("no")': { code: 1, signal: null },
    'process.kill(process.pid, "SIGKILL")': { code: null, signal: 'SIGKILL' },
    'process.abort()': { code: null, signal: 'SIGABRT' }
  }
  for (const [text, ending] of Object.entries(endings)) {
    const prepare = async (release: TestServer['release']) => {
      await release.write('server.cjs', text)
      return undefined
    }
    const server = await launchServer(t, { launcher: [], prepare })
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), ending, text)
  }
})

t.test('a stop signal while the very first server boots ends both', async (t) => {
  const server = await launchServer(t, { launcher: [], config: { boot: 'hang' } })
  await server.event('boot')
  server.signal('SIGTERM', server.launcher)
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: null, signal: 'SIGTERM' })
  await server.waitFor(server.gone, 'end of all')
})

import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startProgram } from '../../support/program.js'
import type { TestServer } from '../../support/server.js'
import { WAYS } from '../../support/start.js'

t.jobs = 2

/** Which of the signals an app handles itself, and how many apps do. */
const BEFORE = `
  process.on('SIGHUP', function reopenLog() { say('heard', { signal: 'SIGHUP' }); process.exit(7) })
  for (const name of ['SIGTERM', 'SIGINT'])
    process.on(name, async function closeAll(signal) {
      say('heard', { signal })
      await app.close()
      process.exit(0)
    })`

const BODY = `
  app.get('/slow', async () => {
    say('in progress', {})
    await new Promise((resolve) => app.graceful.signal.addEventListener('abort', resolve))
    await new Promise((resolve) => setTimeout(resolve, 500))
    return 'finished'
  })
  app.get('/stuck', () => new Promise(() => say('in progress', {})))
  app.get('/later', async () => {
    process.on('SIGTERM', () => say('heard later', {}))
    return 'added'
  })
  app.addHook('onClose', async () => say('onClose', {}))
  await app.listen({ port: 0, host: '127.0.0.1' })
  here('app', app.server)`

/** Waits for a warning of a process. */
const warned = (server: TestServer, pid: number, pattern: RegExp) =>
  server.event({
    what: `warning like ${pattern}`,
    test: (line) => line.graceful === 'warning' && line.pid === pid && pattern.test(String(line.warning))
  })

for (const { settings, where } of WAYS)
  t.test(`handlers of the app are called for a stop, and not for a reload; the log names them${where}`, async (t) => {
    const server = await startProgram(t, BODY, { before: BEFORE, ...settings })
    const first = server.current
    const second = await server.reload()
    t.strictSame(server.events('heard'), [], 'a reload has a meaning of its own')

    for (const pid of [first, second]) {
      await warned(
        server,
        pid,
        /^SIGTERM and SIGINT: the listener closeAll of the app \(\/.*\/server\.cjs:16\) also runs/
      )
      await warned(
        server,
        pid,
        /^SIGHUP: the listener reopenLog of the app \(\/.*\/server\.cjs:14\) no longer receives it; use an/
      )
    }
    const connection = await HttpConnection.open(server.target())
    await connection.request({ path: '/later' })
    const slow = connection.send({ path: '/slow' })
    await server.event('in progress')
    await warned(server, second, /^SIGTERM: a listener of the app \(\/.*\/server\.cjs:\d+\) also runs/)

    server.signal('SIGTERM', server.addressee)
    t.match(await slow.response, { status: 200, body: 'finished' })
    t.equal(await server.exitOf(second), 0)
    t.match(server.events('heard'), [{ pid: second, signal: 'SIGTERM' }])
    t.match(server.events('heard later'), [{ pid: second }])
    t.match(await server.eventOf(second, 'closed'), { reason: 'SIGTERM', exitCode: 0 })
    t.equal(server.events('warning').length, 5, 'one word for each')
    t.strictSame(server.events('forced'), [])
  })

t.test('a stop in a probation is a signal for the handlers of both processes', async (t) => {
  const server = await startProgram(t, BODY, { before: BEFORE, probation: 60_000 })
  server.signal('SIGHUP')
  const { child } = await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(Number(child)), 0)
  t.equal(await server.exitOf(server.pid), 0)
  for (const pid of [server.pid, Number(child)])
    t.match(
      server.events((line) => line.fixture === 'heard' && line.pid === pid),
      [{ signal: 'SIGTERM' }]
    )
})

t.test('^C, of which the terminal tells launcher and server, is one signal for the handlers of the app', async (t) => {
  const server = await startProgram(t, BODY, { before: BEFORE, launcher: [] })
  for (const pid of [server.launcher, server.pid]) server.signal('SIGINT', pid)
  t.equal(await server.exitOf(server.pid), 0)
  t.match(server.events('heard'), [{ signal: 'SIGINT' }])
  t.match(await server.waitFor(server.exit, 'end of the launcher'), { code: 0 })
})

t.test('what a handler of the app cuts off by its process.exit() is in the log, and in the exit code', async (t) => {
  const before = "process.on('SIGTERM', () => process.exit(0))"
  const server = await startProgram(t, BODY, { before })
  const connection = await HttpConnection.open(server.target())
  const stuck = connection.send({ path: '/stuck' })
  await server.event('in progress')
  server.signal('SIGTERM')
  await t.rejects(stuck.response)
  t.equal(await server.exitOf(server.pid), 1)
  const { reason, requests, holds } = await server.event('forced')
  t.match(reason, /^process\.exit\(\) at \/.*\/server\.cjs:\d+$/)
  t.match(requests, [{ method: 'GET', url: '/stuck' }])
  t.strictSame(holds, ['onClose hooks'])
  t.strictSame(server.events('onClose'), [])
})

t.test('handlers that have been taken away again are not called', async (t) => {
  const before = `
    const grace = require('close-with-grace')({ delay: 500 }, async () => say('heard', {}))
    process.once('SIGTERM', function once() { say('heard', {}) })`
  const body = `${BODY}
    grace.uninstall()
    process.removeAllListeners('SIGALRM')`
  const link = require.resolve('close-with-grace/package.json').replace(/\/package\.json$/, '')
  const server = await startProgram(t, body, { before, link })
  t.equal(await server.stop(), 0)
  t.match(server.events('heard').length, 1)
})

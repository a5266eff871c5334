import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { outlast } from '../../support/deadline.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'

t.jobs = 3

/** The `drainTimeout` of the first app. Milliseconds. */
const SHORT = 500

/** That of the second one, and the probation: longer than anything that a test does. Milliseconds. */
const LONG = 60_000

/** What may be added to a `drainTimeout` before a process that has not left is ended. Milliseconds. */
const GRACE = 8_000

/** What a launcher may add to that. Milliseconds. */
const LAUNCHER_GRACE = 5_000

/** Starts two apps, the second of which has a longer limit, unless they are to differ in another way. */
async function start(
  t: Test,
  settings: object,
  options = {},
  optionsOf: object[] = [{ drainTimeout: SHORT }, { drainTimeout: LONG }]
): Promise<TestServer> {
  const listen = { port: 0, host: '127.0.0.1' }
  return startServer(t, { ...settings, config: { apps: [listen, listen], options, optionsOf } })
}

/**
 * A request in progress in the second app of this process. The returned function finishes it, after the limit of the
 * first app.
 */
async function hold(t: Test, server: TestServer, pid: number, grace = GRACE): Promise<() => Promise<void>> {
  const connection = await HttpConnection.open(server.target(1))
  const slow = connection.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), pid)
  return async () => {
    await outlast(SHORT + grace)
    await server.tell({ command: 'release', name: 'slow' }, pid)
    t.match(JSON.parse((await slow.response).body), { pid })
    t.match(await server.eventOf(pid, 'exit'), { code: 0 })
    t.strictSame(server.events('forced'), [])
    connection.close()
  }
}

for (const { settings, where } of WAYS) {
  t.test(`a stop waits for the app with the longer limit${where}`, async (t) => {
    const server = await start(t, settings)
    const finish = await hold(t, server, server.pid)
    server.signal('SIGTERM', server.addressee)
    await server.eventOf(server.pid, 'draining')
    await finish()
    t.strictSame(await server.waitFor(server.exit, 'end of all'), { code: 0, signal: null })
  })

  t.test(`a stop in the probation waits for the app of the child with the longer limit${where}`, async (t) => {
    const server = await start(t, settings, { probation: LONG })
    const parent = server.pid
    server.signal('SIGHUP', server.addressee)
    const child = await server.takenOver(await server.serving(2))
    const finish = await hold(t, server, child)
    server.signal('SIGTERM', settings.launcher === undefined ? parent : server.launcher)
    await server.eventOf(child, 'draining')
    await finish()
    t.strictSame(await server.waitFor(server.exit, 'end of the parent'), { code: 0, signal: null })
  })

  t.test(`a stop in the probation waits for a release with a longer limit than the one before${where}`, async (t) => {
    const short = { drainTimeout: SHORT, closeTimeout: 100 }
    const server = await start(t, settings, { probation: LONG }, [short, short])
    const parent = server.pid
    await server.release.configure({ optionsOf: [short, { drainTimeout: LONG }] })
    server.signal('SIGHUP', server.addressee)
    const child = await server.takenOver(await server.serving(2))
    const isLaunched = settings.launcher !== undefined
    const finish = await hold(t, server, child, GRACE + (isLaunched ? LAUNCHER_GRACE : 0))
    server.signal('SIGTERM', isLaunched ? server.launcher : parent)
    await server.eventOf(child, 'draining')
    await finish()
    t.strictSame(await server.waitFor(server.exit, 'end of all'), { code: 0, signal: null })
    t.match(await server.eventOf(parent, 'exit'), { code: 0 })
  })

  t.test(`a parent that has been reloaded waits for the app with the longer limit${where}`, async (t) => {
    const server = await start(t, settings)
    const finish = await hold(t, server, server.pid)
    server.signal('SIGHUP', server.addressee)
    await server.eventOf(server.pid, 'draining')
    await finish()
    t.equal(await server.stop(), 0)
  })
}

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection, type Target } from '../../support/connection.js'
import { freeze } from '../../support/crowd.js'
import { deferred } from '../../support/deferred.js'
import { HAS_PROC, listeningInodes, queueOfPort } from '../../support/fds.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers } from '../../support/workers.js'

t.jobs = 2

/** More than any Node accepts in one turn of its event loop: since libuv 1.47 that is one. */
const CLIENTS = 40

/** Starts a server, and lets it stand still while clients connect and send a request each. */
async function startWithQueue(t: Test, settings: ServerSettings, targetOf = (server: TestServer) => server.target()) {
  const server = await startServer(t, settings)
  // When the test has removed the folder, nothing could let it go on.
  t.teardown(() => goOn(server))
  await server.tell({ command: 'block', until: 'go' })
  await server.event('blocked')
  return { server, answers: await askMany(server, targetOf(server)) }
}

async function askMany(server: TestServer, target: Target, count = CLIENTS) {
  const clients = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(target)))
  // A client is connected a moment before its connection is in the queue.
  if ('port' in target) await untilTrue(server, 'full queue', () => queueOfPort(target.port) === count)
  return clients.map((client) => client.request({ path: '/' }))
}

/** What a process that is forced logs, in this order. */
const LEAVING = ['draining', 'forced', 'closed']

/** The file that ends a hook which blocks: test/fixtures/hooks.cjs. */
const END_OF_BLOCK = 'end of the block'

const goOn = (server: TestServer) => server.release.write('go', '')

const OK = Array.from({ length: CLIENTS }, () => 200)

async function statusesOf(answers: ReadonlyArray<Promise<{ status: number }>>): Promise<unknown[]> {
  const settled = await Promise.allSettled(answers)
  return settled.map((one) => (one.status === 'fulfilled' ? one.value.status : String(one.reason)))
}

/** Whose end it is, and how it comes about while the server stands still. */
const STOPS: Record<string, { settings?: ServerSettings; stop: (server: TestServer) => unknown }> = {
  'a stop': { stop: (server) => server.signal('SIGTERM') },
  'a stop after a lame duck': {
    settings: { config: { options: { lameDuck: 1 } } },
    stop: (server) => server.signal('SIGTERM')
  },
  'the close of the last app': { stop: (server) => server.tell({ command: 'close' }) },
  'an uncaught error': { stop: (server) => server.tell({ command: 'throw', message: 'boom' }) },
  'a stop by a launcher': { settings: { launcher: [] }, stop: (server) => stopLauncher(server, server.launcher) }
}

async function stopLauncher(server: TestServer, launcher: number): Promise<void> {
  server.signal('SIGTERM', launcher)
  // From here on, the servers are the last ones that have the socket.
  await untilTrue(server, 'release of the sockets', () => listeningInodes(launcher).length === 0)
}

for (const [what, { settings = {}, stop }] of Object.entries(STOPS)) {
  t.test(`${what} answers the connections that wait to be accepted`, { skip: !HAS_PROC }, async (t) => {
    const { server, answers } = await startWithQueue(t, settings)
    await stop(server)
    await goOn(server)
    t.strictSame(await statusesOf(answers), OK)
    await server.waitFor(server.gone, 'end of the server')
  })
}

t.test('several workers that stop give no connection away', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t, { count: 4 })
  const { server, launcher } = workers
  const pids = workers.of(1)
  freeze(t, workers, pids)
  const answers = await askMany(server, server.target(), 2 * CLIENTS)
  await stopLauncher(server, launcher)
  for (const pid of pids) server.signal('SIGCONT', pid)
  t.strictSame(await statusesOf(answers), [...OK, ...OK])
  await server.waitFor(server.gone, 'end of the servers')
})

t.test('a stop answers the connections that wait to be accepted on a unix socket', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  const { server, answers } = await startWithQueue(t, { config: { apps: [{ path }] } })
  server.signal('SIGTERM')
  await goOn(server)
  t.strictSame(await statusesOf(answers), OK)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('an app that closes while another one goes on answers those who wait for it', async (t) => {
  const config: FixtureConfig = { apps: [{ port: 0 }, { port: 0 }] }
  const { server, answers } = await startWithQueue(t, { config }, (server) => server.target(1))
  const others = await askMany(server, server.target(0))
  await server.tell({ command: 'close', index: 1 })
  await goOn(server)
  t.strictSame(await statusesOf(answers), OK)
  t.strictSame(await statusesOf(others), OK)
  await server.event('app closed')
  t.equal(await server.stop(), 0)
})

t.test('an uncaught error leaves those who wait to the next server of the launcher', async (t) => {
  const { server, answers } = await startWithQueue(t, { launcher: [] })
  const first = server.current
  await server.tell({ command: 'throw', message: 'boom' })
  await goOn(server)
  const pids = (await Promise.all(answers)).map(({ body }) => JSON.parse(body).pid as number)
  const second = server.current
  t.not(second, first)
  // What came in the same turn of the event loop as the command had been accepted.
  t.ok(pids.filter((pid) => pid === second).length > CLIENTS / 2, `${pids}`)
  t.equal(await server.stop(), 0)
})

t.test('a stop ends although clients come back at once, each with a new connection', async (t) => {
  const server = await startServer(t)
  const clients = await comeBackAtOnce(server)
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 0)
  await server.waitFor(Promise.all(clients), 'refusal of all clients')
  t.strictSame(server.events('forced'), [])
})

t.test('a force while the queue is emptied ends the process now, without hooks', async (t) => {
  const config: FixtureConfig = {
    hooks: { postSignal: 'block' },
    options: { drainTimeout: 60_000, closeTimeout: 60_000 }
  }
  const server = await startServer(t, { script: 'hooks.cjs', config })
  t.teardown(() => server.release.write(END_OF_BLOCK, ''))
  const clients = await comeBackAtOnce(server)
  server.signal('SIGTERM')
  // The stop has begun, and the process stands still. Meanwhile all clients come back.
  t.match(await server.event('held'), { name: 'postSignal' })
  server.signal('SIGTERM')
  await server.release.write(END_OF_BLOCK, '')
  t.equal(await server.exitOf(server.pid), 1)
  await server.waitFor(Promise.all(clients), 'refusal of all clients')
  const named = server.output.lines.map(({ graceful = '' }) => graceful).filter((name) => LEAVING.includes(name))
  t.strictSame(named, LEAVING)
  t.match(await server.event('forced'), { reason: 'second stop signal, SIGTERM', holds: [] })
  t.match(await server.event('closed'), { exitCode: 1 })
  const hooks = server.events('first hook').map(({ name }) => name)
  t.strictSame(hooks, ['postSignal'], 'no drain hook')
  t.strictSame(server.events('onClose'), [])
})

/** Lets clients come back at once, each with a new connection, until they are refused. Resolves when they do. */
async function comeBackAtOnce(server: TestServer): Promise<Array<Promise<void>>> {
  const begun = deferred<void>()
  let answers = 0
  const comeBack = async () => {
    for (;;) {
      const client = await HttpConnection.open(server.target()).catch(() => undefined)
      if (client === undefined) return
      await client.request({ path: '/' }).catch(() => {})
      client.close()
      answers += 1
      if (answers > CLIENTS) begun.resolve()
    }
  }
  const clients = Array.from({ length: CLIENTS }, comeBack)
  await server.waitFor(begun.promise, 'answers')
  return clients
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { HttpConnection } from '../../support/connection.js'
import { outlast } from '../../support/deadline.js'
import { within } from '../../support/limit.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startScript } from '../../support/script.js'
import { startServer, WAYS } from '../../support/start.js'

t.jobs = 3

/** What `onClose` hooks and drains are cut off after, where nothing else is said. Milliseconds. */
const FORMER_LIMIT = 5000
const LONG = 60_000
const SHORT = 500

/** A server that prints `serving` to a pipe, and has a lot to say when it stops. */
const TALKATIVE = `
  const app = require('fastify')({ logger: true })
  app.register(require(${JSON.stringify(PACKAGE_ROOT)}), { drainTimeout: 10_000 })
  app.addHook('onClose', async () => { for (let i = 0; i < 100; i++) app.log.info('x'.repeat(5000)) })
  app.listen({ port: 0, host: '127.0.0.1' })`

/** A hook that takes its time, until SIGUSR1. */
const SLOW_HOOK = `app.addHook('onClose', async () => {
    say('closing')
    await new Promise((resolve) => { release = resolve })
    say('hook ended')
  })
  let release
  process.on('SIGUSR1', () => release())`

for (const [reader, stop] of Object.entries({
  'is gone': (child: ReturnType<typeof spawn>) => child.stdout?.destroy(),
  'does not read': (child: ReturnType<typeof spawn>) => child.stdout?.pause()
})) {
  t.test(`a server ends though the reader of its log ${reader}`, async (t) => {
    const [file, args] = bare(ownEnvironment(), process.execPath, ['-e', TALKATIVE])
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    while (!text.includes('"serving"')) await within(once(child.stdout, 'data'), 'line "serving"')
    stop(child)
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    t.strictSame(await within(exit, 'end of the server'), [0, null])
  })
}

t.test('a process leaves by running out of work, and beforeExit has its turn', async (t) => {
  const before = "process.once('beforeExit', () => say('before exit'))"
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before })
  await server.serving(1)
  const child = await server.reload()
  t.equal(await server.stop(), 0)
  for (const pid of [server.pid, child]) {
    const story = server.events((line) => line.pid === pid && ['before exit', 'exit'].includes(String(line.fixture)))
    t.match(story, [{ fixture: 'before exit' }, { fixture: 'exit', code: 0 }])
  }
})

t.test('a process that something keeps alive is ended', async (t) => {
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before: 'setInterval(() => {}, 1e6)' })
  await server.serving(1)
  await server.reload()
  t.equal(await server.stop(), 0)
})

t.test('a second stop signal when all is done does not make a failure of it', async (t) => {
  const before = "process.once('SIGTERM', () => setInterval(() => {}, 1e6))"
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before })
  await server.serving(1)
  server.signal('SIGTERM')
  await server.eventOf(server.pid, 'closed')
  server.signal('SIGTERM')
  t.strictSame(await server.waitFor(server.exit, 'end'), { code: 0, signal: null })
  t.strictSame(server.events('forced'), [])
})

t.test('onClose hooks have what the drain has left of its limit', async (t) => {
  const before = SLOW_HOOK
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before })
  await server.serving(1)
  server.signal('SIGTERM')
  await server.event('closing')
  await outlast(FORMER_LIMIT + SHORT)
  server.signal('SIGUSR1')
  t.strictSame(await server.waitFor(server.exit, 'end'), { code: 0, signal: null })
  t.equal(server.events('hook ended').length, 1)
})

t.test('closeTimeout is what they have at least, and at most when the limit is over', async (t) => {
  const options = { drainTimeout: 0, closeTimeout: SHORT }
  const before = "app.addHook('onClose', () => new Promise(() => {}))"
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before }, { config: { options } })
  await server.serving(1)
  server.signal('SIGTERM')
  t.strictSame(await server.waitFor(server.exit, 'end'), { code: 1, signal: null })
  t.match(await server.event('warning'), { err: { message: /onClose hooks took longer than 500 ms/ } })
})

t.test('an app that closes itself on a signal has its onClose hooks run to their end', async (t) => {
  const before = `${SLOW_HOOK}
  process.on('SIGTERM', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    await app.close()
    say('closed by itself')
    process.exit(0)
  })`
  const server = await startScript(t, { app: 'Fastify({ logger: true })', before })
  await server.serving(1)
  server.signal('SIGTERM')
  await server.event('closing')
  await outlast(FORMER_LIMIT + SHORT)
  server.signal('SIGUSR1')
  t.strictSame(await server.waitFor(server.exit, 'end'), { code: 0, signal: null })
  t.equal(server.events('hook ended').length, 1)
})

for (const { settings, where } of WAYS) {
  t.test(`after a reload, work in progress has reloadDrainTimeout${where}`, async (t) => {
    const options = { drainTimeout: SHORT, reloadDrainTimeout: LONG }
    const server = await startServer(t, { ...settings, config: { options } })
    const client = await HttpConnection.open(server.target())
    const slow = client.send({ path: '/hold/slow' })
    await server.held('slow')
    server.signal('SIGHUP', server.addressee)
    await server.eventOf(server.pid, 'draining')
    await outlast(SHORT + FORMER_LIMIT)
    await server.tell({ command: 'release', name: 'slow' }, server.pid)
    t.match(JSON.parse((await slow.response).body), { pid: server.pid })
    client.close()
    t.equal(await server.exitOf(server.pid), 0)
  })

  t.test(`a stop of the service ends that earlier, by drainTimeout${where}`, async (t) => {
    const options = { drainTimeout: SHORT, reloadDrainTimeout: 600_000 }
    const server = await startServer(t, { ...settings, config: { options } })
    const client = await HttpConnection.open(server.target())
    const slow = client.send({ path: '/hold/slow' })
    await server.held('slow')
    server.signal('SIGHUP', server.addressee)
    await server.eventOf(server.pid, 'draining')
    server.signal('SIGTERM', settings.launcher === undefined ? await server.serving(2) : server.launcher)
    await t.rejects(slow.response)
    t.match(await server.eventOf(server.pid, 'forced'), { reason: 'drainTimeout' })
    await server.waitFor(server.gone, 'end of all')
  })
}

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { constants } from 'node:os'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import graceful from '../../../lib/index.js'
import type { GracefulOptions } from '../../../lib/options.js'
import { HttpConnection } from '../../support/connection.js'
import { launchServer } from '../../support/start.js'

const EVENTS = [
  ...Object.keys(constants.signals),
  ...[
    'beforeExit',
    'exit',
    'disconnect',
    'message',
    'uncaughtException',
    'uncaughtExceptionMonitor',
    'unhandledRejection'
  ]
]

/** How many listeners each event of the process has. */
const installed = () => Object.fromEntries(EVENTS.map((event) => [event, process.listenerCount(event)]))
const activeTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
const stderrWrite = process.stderr.write

function createApp(options: GracefulOptions = {}): FastifyInstance {
  const app = Fastify()
  app.register(graceful, { statusRoute: '/status', ...options })
  return app
}

const local = { port: 0, host: '127.0.0.1' }

for (const way of ['close', 'leave', 'stop'] as const) {
  t.test(`a process whose app only answers to inject ends by itself (${way})`, async (t) => {
    const server = await launchServer(t, { script: 'inject-only.cjs', args: [way] })
    t.match(await server.event('injected'), { status: 200 })
    t.equal(await server.exitOf(server.pid), 0)
    t.notMatch((await server.event('injected')).active, ['Timeout'])
  })
}

for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  t.test(`a signal ends a process whose app only answers to inject as without the plugin (${signal})`, async (t) => {
    const server = await launchServer(t, { script: 'inject-only.cjs', args: ['wait'] })
    await server.event('injected')
    server.signal(signal, server.pid)
    t.strictSame(await server.waitFor(server.exit, 'the end'), { code: null, signal })
  })

t.test('an app that only answers to inject installs nothing', async (t) => {
  const [before, timers] = [installed(), activeTimers()]
  const app = createApp()
  let drained = 0
  app.after(() => app.graceful.addHook('drain', () => drained++))
  t.match(await app.inject('/status'), { statusCode: 503, body: '{"phase":"starting","generation":1}' })
  t.strictSame(installed(), before)
  t.equal(activeTimers(), timers)
  t.equal(process.stderr.write, stderrWrite)
  t.match(await reloadError(app), { code: 'GRACEFUL_ERR_NOT_LISTENING', statusCode: 409 })
  t.match(await app.inject('/status'), { statusCode: 503 })
  await app.close()
  t.strictSame(installed(), before)
  t.equal(app.graceful.phase, 'closed')
  t.match(await reloadError(app), { code: 'GRACEFUL_ERR_STOPPING' })
})

t.test('an app that has closed leaves the process as it was', async (t) => {
  const [before, timers] = [installed(), activeTimers()]
  const app = createApp()
  await app.listen(local)
  const during = installed()
  for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'beforeExit'])
    t.equal(during[event], Number(before[event]) + 1, `${event} while it listens`)
  t.equal(during.SIGUSR2, before.SIGUSR2, 'a signal that others use as well is left to them')
  t.equal(activeTimers(), timers, 'no timer while it serves')
  await app.close()
  t.strictSame(installed(), before)
  t.equal(activeTimers(), timers)
  t.ok(app.graceful.signal.aborted)

  const server = createServer().listen(0)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
})

t.test('an app that only answers to inject answers while it closes as it does without the plugin', async (t) => {
  const moments: Array<[string, () => Promise<unknown>]> = [
    ['at once', async () => {}],
    ['in the next tick', () => new Promise((resolve) => process.nextTick(resolve))],
    ['in the next turn', () => new Promise((resolve) => setImmediate(resolve))]
  ]
  for (const [when, moment] of moments) {
    const answers = await Promise.all(
      [createApp(), Fastify()].map(async (app) => {
        app.get('/', async () => 'here')
        await app.ready()
        const closed = app.close()
        await moment()
        const answer = await app.inject('/').then(
          ({ statusCode }) => statusCode,
          ({ code }) => code
        )
        await closed
        return answer
      })
    )
    t.equal(answers[0], answers[1], when)
  }
})

t.test('apps can follow each other in one process', async (t) => {
  const before = installed()
  for (const round of [1, 2, 3]) {
    const app = createApp()
    await app.listen(local)
    t.equal(app.graceful.phase, 'serving', `round ${round}`)
    t.equal(app.graceful.generation, 1)
    t.equal(app.graceful.signal.aborted, false)
    t.equal((await get(app, '/status')).status, 200)
    await app.close()
  }
  t.strictSame(installed(), before)
})

t.test('an app that is made while the last one closes serves', async (t) => {
  const before = installed()
  const first = createApp()
  await first.listen(local)
  const release = first.graceful.hold('work')
  const closing = first.close()
  while (first.graceful.phase !== 'draining') await new Promise(setImmediate)
  const second = createApp()
  await second.listen(local)
  t.equal(second.graceful.phase, 'serving')
  t.equal((await get(second, '/status')).status, 200)
  release()
  await closing
  t.equal(first.graceful.phase, 'closed')
  t.equal(second.graceful.phase, 'serving')
  t.equal((await get(second, '/status')).status, 200)
  await second.close()
  t.strictSame(installed(), before)
})

t.test('of two apps the first can close, and the second serves on', async (t) => {
  const before = installed()
  const [first, second] = [createApp(), createApp()]
  await Promise.all([first.listen(local), second.listen(local)])
  await first.close()
  t.ok(first.graceful.signal.aborted)
  t.notOk(second.graceful.signal.aborted)
  t.equal(second.graceful.phase, 'serving')
  t.equal(installed().SIGTERM, Number(before.SIGTERM) + 1)
  t.equal((await get(second, '/status')).status, 200)
  await second.close()
  t.strictSame(installed(), before)
})

t.test('signals: false installs no handler', async (t) => {
  const before = installed()
  const app = createApp({ signals: false })
  await app.listen(local)
  t.strictSame(installed(), before)
  await app.close()
})

async function reloadError(app: FastifyInstance): Promise<unknown> {
  return app.gracefulReload().then(
    () => undefined,
    (error) => error
  )
}

async function get(app: FastifyInstance, path: string) {
  const { port } = app.server.address() as AddressInfo
  const connection = await HttpConnection.open({ host: '127.0.0.1', port })
  const response = await connection.request({ path })
  connection.close()
  return response
}

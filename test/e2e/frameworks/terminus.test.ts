import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import type { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'

// Both destroy connections after their own time limit, which is shorter here than any request.

const framework = new Framework('terminus', '@godaddy/terminus@4', 'stoppable@1')
const options = framework.missing ? { skip: framework.missing } : {}

t.jobs = 2

const program = (body: string) => `'use strict'
  const app = require('fastify')({ logger: true })
  const { say } = require('./app.cjs')
  process.on('exit', (code) => say('exit', { code }))
  app.register(require('fastify-graceful-reload'), { probation: 100 })
  app.get('/', async () => ({ pid: process.pid }))
  // Answered when their time would have been over long ago.
  app.get('/slow', async () => {
    say('in progress', {})
    await new Promise((resolve) => app.graceful.signal.addEventListener('abort', resolve))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    say('answered', {})
    return 'finished'
  })
  app.addHook('onClose', async () => say('onClose', {}))
  ${body}
  app.listen({ port: 0, host: '127.0.0.1' }).then(() => {
    say('listening', { kind: 'app', index: 0, address: app.server.address() })
    say('started', {})
  })`

const TERMINUS = `
  require('@godaddy/terminus').createTerminus(app.server, {
    signals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    timeout: 200,
    healthChecks: { '/health': async () => ({ pid: process.pid }) },
    beforeShutdown: async () => say('beforeShutdown', {}),
    onSignal: async () => say('onSignal', {}),
    onShutdown: async () => say('onShutdown', {}),
    logger: (message, error) => say('terminus', { message, error: error.message })
  })`

const STOPPABLE = `
  require('stoppable')(app.server, 200)
  process.on('SIGTERM', () => app.server.stop((error, gracefully) => say('stopped', { error: error?.code, gracefully })))`

function start(t: Parameters<typeof startServer>[0], body: string, settings = {}): Promise<TestServer> {
  return startServer(t, {
    ...settings,
    prepare: async (release: Release) => {
      await release.write('server.cjs', program(body))
      return framework.provide(release, '@godaddy/terminus', 'stoppable')
    }
  })
}

async function ask(server: TestServer, path: string): Promise<string> {
  const connection = await HttpConnection.open(server.target())
  const { body } = await connection.request({ path })
  connection.close()
  return body
}

/** Sends the signal while a request is in progress. Returns what is printed from then on. */
async function stopWithRequest(
  t: Pick<typeof import('tap').t, 'match' | 'equal'>,
  server: TestServer
): Promise<string[]> {
  const { current } = server
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/slow' })
  await server.event('in progress')
  server.signal('SIGTERM', server.addressee)
  t.match(await slow.response, { status: 200, body: 'finished' })
  t.equal(await server.exitOf(current), 0)
  const isSaid = ({ pid, fixture }: { pid: number; fixture?: string }) => pid === current && fixture !== undefined
  const said = server.events(isSaid).map(({ fixture }) => String(fixture))
  return said.slice(said.indexOf('in progress') + 1)
}

const HOOKS = ['beforeShutdown', 'onSignal', 'onShutdown']

for (const { settings, where } of WAYS)
  t.test(
    `terminus runs its hooks when the last request is answered, at a stop and after a reload${where}`,
    options,
    async (t) => {
      const server = await start(t, TERMINUS, settings)
      const first = server.current
      t.match(await ask(server, '/health'), `"pid":${first}`)
      const second = await server.reload()
      t.match(await ask(server, '/health'), `"pid":${second}`)
      const ofFirst = server.events((line) => line.pid === first && HOOKS.includes(String(line.fixture)))
      t.strictSame(
        ofFirst.map(({ fixture }) => fixture),
        HOOKS
      )
      t.strictSame(await stopWithRequest(t, server), ['answered', ...HOOKS, 'onClose', 'exit'])
      t.strictSame(server.events('terminus'), [])
      t.strictSame(
        server.events((line) => / receives it|also runs/.test(String(line.warning))),
        []
      )
      t.strictSame(server.events('forced'), [])
    }
  )

t.test('stoppable cuts nothing off, and calls back when the last connection has ended', options, async (t) => {
  const server = await start(t, STOPPABLE)
  await server.reload()
  const said = await stopWithRequest(t, server)
  t.strictSame(
    said.filter((name) => name !== 'onClose'),
    ['answered', 'stopped', 'exit']
  )
  t.match(await server.event('stopped'), { gracefully: true })
  t.match(server.events('stopped'), [{ error: undefined }])
  t.strictSame(server.events('forced'), [])
})

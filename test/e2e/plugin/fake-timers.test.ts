import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import graceful from '../../../lib/index.js'
import { HttpConnection } from '../../support/connection.js'
import { deferred } from '../../support/deferred.js'
import { within } from '../../support/limit.js'

// The tests of an app may close it while a test runner has replaced the timers and the clock by ones that stand still.

/** What clients have when the app closes. */
const CLIENTS: Record<string, (app: FastifyInstance) => Promise<unknown>> = {
  'no connection': async () => {},
  'an idle connection': async (app) => (await connect(app)).request({ path: '/' }),
  'a connection that has not been used': connect
}

for (const [what, prepare] of Object.entries(CLIENTS))
  for (const when of ['before the app is made', 'before it closes'] as const)
    t.test(`an app closes with ${what}, with fake timers from ${when}`, async (t) => {
      if (when === 'before the app is made') useFakeTimers(t)
      const app = Fastify()
      app.register(graceful)
      app.get('/', async () => 'hello')
      await app.listen({ port: 0, host: '127.0.0.1' })
      await prepare(app)
      useRealTimers()
      const closed = deferred<void>()
      const closing = within(closed.promise, 'close of the app')
      useFakeTimers(t)
      app.close().finally(useRealTimers).then(closed.resolve)
      await closing
      t.equal(app.graceful.phase, 'closed')
    })

function useFakeTimers(t: Test): void {
  t.teardown(useRealTimers)
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
  const now = performance.now()
  mock.method(performance, 'now', () => now)
}

function useRealTimers(): void {
  mock.timers.reset()
  mock.restoreAll()
}

function connect(app: FastifyInstance): Promise<HttpConnection> {
  const { port } = app.server.address() as AddressInfo
  return HttpConnection.open({ host: '127.0.0.1', port })
}

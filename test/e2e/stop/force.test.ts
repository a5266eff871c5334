import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { EARLY } from '../../support/limit.js'
import { FORCIBLE } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

/** A request that will not be answered unless the test says so. */
async function hold(server: TestServer) {
  const connection = await HttpConnection.open(server.target())
  const exchange = connection.send({ path: '/hold/stuck?token=secret' })
  await server.held('stuck')
  return exchange
}

t.test('what is left at the deadline is cut off, named in the log, and makes the exit code 1', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 400 } } })
  const stuck = await hold(server)
  server.signal('SIGTERM')
  await t.rejects(stuck.response, { message: /^(reset|premature close): / })
  t.equal(await server.exitOf(server.pid), 1)

  const forced = await server.event('forced')
  t.match(forced, { requests: [{ method: 'GET', url: '/hold/stuck', age: Number }] })
  const [request] = forced.requests as Array<{ url: string; age: number }>
  t.equal(request?.url, '/hold/stuck', 'without the query, which may hold secrets')
  t.ok(Number(request?.age) >= 400 - EARLY, 'the age is at least that of the drain')
  t.equal(server.events('onClose').length, 1, 'the onClose hooks run all the same')
  t.match(await server.event('closed'), { exitCode: 1 })
})

t.test('work that was held for too long is named too', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 400 } } })
  const connection = await HttpConnection.open(server.target())
  await connection.request({ method: 'POST', path: '/background/mail' })
  server.signal('SIGTERM')
  t.match(await server.event('forced'), { requests: [], holds: [/mail/] })
  t.equal(await server.exitOf(server.pid), 1)
})

for (const second of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) {
  t.test(`${second} after SIGTERM forces now`, async (t) => {
    const server = await startServer(t, { config: { options: { ...FORCIBLE, drainTimeout: 60_000 } } })
    const stuck = await hold(server)
    server.signal('SIGTERM')
    await server.event('draining')
    server.signal(second)
    await t.rejects(stuck.response, { message: /^(reset|premature close): / })
    t.match(await server.event('forced'), { requests: [{ method: 'GET', url: '/hold/stuck' }] })
    t.equal(await server.exitOf(server.pid), 1)
    t.strictSame(server.events('onClose'), [])
  })
}

t.test('the force signal alone ends a serving process now', async (t) => {
  const server = await startServer(t, { config: { options: { ...FORCIBLE, drainTimeout: 60_000 } } })
  const stuck = await hold(server)
  server.signal('SIGUSR2')
  await t.rejects(stuck.response, { message: /^(reset|premature close): / })
  t.match(await server.event('forced'), { requests: [{ method: 'GET', url: '/hold/stuck' }] })
  t.equal(await server.exitOf(server.pid), 1)
  t.strictSame([...server.events('hook'), ...server.events('onClose')], [], 'no hook runs')
})

t.test('an uncaught error stops gracefully, with exit code 1', async (t) => {
  const server = await startServer(t)
  const slow = await hold(server)
  await server.tell({ command: 'throw', message: 'nobody catches this' })
  await server.event('draining')
  await server.tell({ command: 'release', name: 'stuck' })
  t.equal((await slow.response).status, 200)
  t.equal(await server.exitOf(server.pid), 1)
  t.equal(server.events('onClose').length, 1)
})

t.test('a request whose head never ends is cut off at the deadline', async (t) => {
  const server = await startServer(t, { config: { options: { drainTimeout: 400 } } })
  const connection = await HttpConnection.open(server.target())
  await connection.request({ path: '/' })
  connection.write('POST /echo HTTP/1.1\r\nhost: fix')
  server.signal('SIGTERM')
  await server.waitFor(connection.closed, 'end of the connection')
  await server.exitOf(server.pid)
  t.strictSame(server.alive(), [])
})

import t from 'tap'
import { KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { Http2Client } from '../../support/http2-client.js'
import { FrameConnection } from '../../support/http2-frames.js'
import { both, cleartext, secure } from '../../support/http2-variants.js'
import { Load } from '../../support/load.js'
import { startServer } from '../../support/start.js'

t.jobs = 3

/** A drain that waited for this would fail the test. Milliseconds. */
const NEVER = 600_000
for (const { name, fastify, target } of [cleartext, secure, both]) {
  t.test(`${name}: no stream of a busy client is lost over several reloads`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { probation: 50 } } })
    const clients = Array.from({ length: 6 }, () => new Http2Client(target(server)))
    const load = new Load(clients, { every: 10, open: 20 })
    for (let generation = 1; generation <= 3; generation++) {
      await load.reached(generation)
      await load.answered(100)
      await server.reload()
    }
    await load.reached(4)
    const report = await load.stop()
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0, 'each session was told before it ended')
    t.ok(
      clients.every(({ sessionsOpened }) => sessionsOpened >= 4),
      'each client came to each generation'
    )
    t.strictSame(server.events('forced'), [])
  })

  t.test(`${name}: the parent finishes streams in progress, the child gets new ones`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { probation: 0, drainTimeout: NEVER } } })
    const [busy, idle] = [new Http2Client(target(server)), new Http2Client(target(server))]
    t.teardown(() => {
      for (const client of [busy, idle]) client.close()
    })
    const held = busy.request({ path: '/hold/slow' })
    const stream = busy.request({ path: '/stream/stream' })
    await Promise.all([server.held('slow'), server.held('stream'), idle.request({ path: '/' })])
    server.signal('SIGHUP')
    const child = await server.serving(2)
    await server.eventOf(server.pid, 'draining')

    await server.tell({ command: 'release', name: 'stream' }, server.pid)
    t.equal((await stream).body, `begin\nend ${server.pid}\n`)
    await server.tell({ command: 'release', name: 'slow' }, server.pid)
    t.match(JSON.parse((await held).body), { pid: server.pid, generation: 1 })
    t.equal(await server.exitOf(server.pid), 0)
    await Promise.all([idle.ended(), busy.ended()])
    t.match(JSON.parse((await idle.request({ path: '/' })).body), { pid: child, generation: 2 })
    t.match(JSON.parse((await busy.request({ path: '/' })).body), { pid: child, generation: 2 })
    t.strictSame(server.events('forced'), [])
  })

  t.test(`${name}: sessions do not hold up a stop, in spite of their clients`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { drainTimeout: NEVER } } })
    const proper = new Http2Client(target(server))
    await proper.request({ path: '/' })
    const [stubborn, deaf] = [
      await FrameConnection.open(t, target(server)),
      await FrameConnection.open(t, target(server))
    ]
    for (const connection of [stubborn, deaf]) connection.begin(1, '/')
    await Promise.all([stubborn.end(1), deaf.end(1)])
    deaf.withholdPings()
    server.signal('SIGTERM')
    await Promise.all([stubborn.ended, deaf.ended])
    // Neither of them ever closes its side.
    t.equal(await server.exitOf(server.pid), 0)
    t.ok(stubborn.goaways.includes(1), 'the last stream is named')
    t.strictSame(server.events('forced'), [])
  })

  t.test(`${name}: at the deadline the log names the streams that were cut off, and their clients know`, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { drainTimeout: 400 } } })
    const client = new Http2Client(target(server))
    const cut = [client.request({ path: '/hold/slow?secret=1' }), client.request({ path: '/stream/half' })]
    const outcomes = Promise.allSettled(cut)
    await Promise.all([server.held('slow'), server.held('half')])
    server.signal('SIGTERM')
    const { requests } = await server.event('forced')
    const named = requests as Array<{ method: string; url: string; age: number }>
    t.strictSame(
      named.map(({ method, url }) => `${method} ${url}`),
      ['GET /hold/slow', 'GET /stream/half']
    )
    t.ok(named.every(({ age }) => age >= 0 && age < NEVER))
    t.equal(await server.exitOf(server.pid), 1)
    t.strictSame(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
      'half an answer is not taken for the whole'
    )
  })
}

t.test('a server of both kinds serves, tells and finishes both', async (t) => {
  const server = await startServer(t, {
    config: { fastify: both.fastify, options: { probation: 0, drainTimeout: NEVER } }
  })
  const [one, idle] = [await HttpConnection.open(both.target(server)), await HttpConnection.open(both.target(server))]
  const two = await FrameConnection.open(t, both.target(server))
  const held = one.send({ path: '/hold/one' })
  two.begin(1, '/hold/two')
  await Promise.all([server.held('one'), server.held('two'), idle.request({ path: '/' })])
  server.signal('SIGHUP')
  await two.goaway(1)
  for (const name of ['one', 'two']) await server.tell({ command: 'release', name }, server.pid)
  t.match(await held.response, { status: 200, headers: { connection: 'close' } })
  t.match(JSON.parse((await two.end(1)).body), { pid: server.pid })
  two.close()
  t.match(await idle.request({ path: '/' }), { status: 200, headers: { connection: 'close' } })
  t.strictSame(await Promise.all([one.closed, idle.closed]), ['by the server', 'by the server'])
  t.equal(await server.exitOf(server.pid), 0)

  const clients = [new KeepAliveClient(both.target(server)), new Http2Client(both.target(server))]
  const load = new Load(clients)
  await load.reached(2)
  await server.reload()
  await load.reached(3)
  const report = await load.stop()
  t.strictSame(report.failures, [])
  t.equal(report.connectionsClosed, 0)
})

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { echo, KeepAliveClient, PipeliningClient } from '../../support/clients.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { shakeHands } from '../../support/handshake.js'
import { EARLY, within } from '../../support/limit.js'
import { Load, reloadUnder } from '../../support/load.js'
import type { FixtureConfig } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { type Certificate, certificate, overTls } from '../../support/tls.js'

t.jobs = 2

/** A drain that waited for this would fail the test. Milliseconds. */
const NEVER = 600_000

t.test('no request over TLS fails over several reloads, and each connection is told before it ends', async (t) => {
  const server = await startServer(t, { config: config({ probation: 50 }) })
  const target = overTls(server.target())
  const clients = Array.from({ length: 16 }, () => new KeepAliveClient(target))
  const load = new Load([...clients, new PipeliningClient(target)], { pause: 5 })
  const report = await reloadUnder(load, server, 4)
  t.strictSame(report.failures, [])
  t.equal(report.connectionsClosed, 0)
  t.ok(
    clients.every(({ connectionsOpened }) => connectionsOpened <= 5),
    'one connection for each generation'
  )
  t.strictSame(server.events('forced'), [])
})

t.test('the parent finishes its requests over TLS, and tells its clients to close', async (t) => {
  const server = await startServer(t, { config: config({ probation: 0 }) })
  const target = overTls(server.target())
  const open = () => HttpConnection.open(target)
  const [slow, uploading, streaming, pipelining, idle, unused] = (await Promise.all(
    Array.from({ length: 6 }, open)
  )) as [HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection]
  const held = slow.send({ path: '/hold/slow' })
  const upload = uploading.upload('/upload/upload')
  upload.write('first half, ')
  const stream = streaming.send({ path: '/stream/stream' })
  const pipelined = pipelining.pipeline([{ path: '/hold/pipelined' }, echo('second'), echo('third')])
  await Promise.all([server.held('slow'), server.held('upload'), stream.head, server.held('pipelined')])
  await idle.request({ path: '/' })
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'draining')

  upload.write('second half')
  t.match(JSON.parse((await upload.finish()).body), { bytes: 23, pid: server.pid })
  for (const name of ['slow', 'stream', 'pipelined']) await server.tell({ command: 'release', name }, server.pid)
  t.match(await held.response, { status: 200, headers: { connection: 'close' } })
  t.equal((await stream.response).body, `begin\nend ${server.pid}\n`)
  const responses = await Promise.all(pipelined.map(({ response }) => response))
  t.match(responses, [{ status: 200 }, { body: 'second' }, { body: 'third' }])
  // Those answers had been made before the drain began, so the next one tells.
  t.match(await pipelining.request(echo('fourth')), { body: 'fourth', headers: { connection: 'close' } })
  t.match(await idle.request(echo('was idle')), { body: 'was idle', headers: { connection: 'close' } })
  t.match(await unused.request(echo('first')), { body: 'first', headers: { connection: 'close' } })
  t.match(await streaming.request(echo('next')), { body: 'next', headers: { connection: 'close' } })
  for (const connection of [slow, uploading, pipelining, idle, unused, streaming])
    t.equal(await connection.closed, 'by the server')
  t.equal(await server.exitOf(server.pid), 0)
  const fresh = await open()
  t.match(JSON.parse((await fresh.request({ path: '/' })).body), { pid: child, generation: 2 })
  fresh.close()
})

t.test('an idle TLS connection of the parent lives as long as its keep-alive timeout', async (t) => {
  const keepAliveTimeout = 1_500
  const server = await startServer(t, { config: config({ probation: 0, drainTimeout: NEVER }, { keepAliveTimeout }) })
  const idle = await HttpConnection.open(overTls(server.target()))
  const begin = performance.now()
  await idle.request({ path: '/' })
  server.signal('SIGHUP')
  t.equal(await server.waitFor(idle.closed, 'end of the idle connection'), 'by the server')
  t.ok(performance.now() - begin >= keepAliveTimeout - EARLY, 'not closed earlier')
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a handshake that the reload interrupts goes on', async (t) => {
  const server = await startServer(t, { config: config({ probation: 0 }) })
  const relay = await Relay.open(t, server.target())
  const opening = HttpConnection.open(overTls(relay.target))
  await relay.begun
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  relay.goOn()
  const connection = await within(opening, 'TLS connection')
  t.match(await connection.request({ path: '/' }), { status: 200, headers: { connection: 'close' } })
  t.equal(await connection.closed, 'by the server')
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('no silent connection holds up a stop, and a request on its way is answered', async (t) => {
  const hooks = { drain: 'block' } as const
  const server = await startServer(t, { script: 'hooks.cjs', config: { ...config({ drainTimeout: NEVER }), hooks } })
  const target = overTls(server.target())
  const silent = await HttpConnection.open(server.target())
  const unused = await HttpConnection.open(target)
  const [idle, late] = [await HttpConnection.open(target), await HttpConnection.open(target)]
  await Promise.all([idle, late].map((connection) => connection.request({ path: '/' })))
  const relay = await Relay.open(t, server.target())
  // Its handshake is never finished.
  HttpConnection.open(overTls(relay.target)).catch(() => {})
  await relay.begun
  server.signal('SIGTERM')
  await server.held('drain')
  const answer = late.request(echo('late'))
  await server.release.write('end of the block', '')
  t.match(await answer, { body: 'late', headers: { connection: 'close' } })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(await Promise.all([unused.closed, idle.closed]), ['by the server', 'by the server'])
  await within(silent.closed, 'end of the silent connection')
  t.strictSame(server.events('forced'), [])
})

t.test('at the deadline the log names the requests that were cut off', async (t) => {
  const server = await startServer(t, { config: config({ drainTimeout: 400 }) })
  const connection = await HttpConnection.open(overTls(server.target()))
  const held = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGTERM')
  t.match(await server.event('forced'), { requests: [{ method: 'GET', url: '/hold/slow', age: Number }] })
  await t.rejects(held.response)
  t.equal(await server.exitOf(server.pid), 1)
})

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`${protocol}: a session of the first generation is resumed by the next ones`, async (t) => {
    const server = await startServer(t, { config: config({ probation: 0 }) })
    const first = await shakeHands(server.target(), protocol)
    t.equal(first.resumed, false)
    const [child, grandchild] = [await server.reload(), await server.reload()]
    t.not(child, grandchild)
    const third = await shakeHands(server.target(), protocol, first.session)
    t.match(third, { resumed: true, generation: 3 })
    await server.reload()
    t.match(await shakeHands(server.target(), protocol, first.session), { resumed: true, generation: 4 })

    const stranger = await startServer(t, { config: config({ probation: 0 }) })
    t.match(await shakeHands(stranger.target(), protocol, first.session), { resumed: false }, 'not without the keys')
  })
}

t.test('sessions are resumed by a release that was entered through a link', async (t) => {
  const { symlink } = await import('node:fs/promises')
  const server = await startServer(t, {
    config: config({ probation: 0 }),
    prepare: async (release, folder) => {
      await symlink(release.folder, `${folder}/current`)
      return { command: ['sh', '-c', `cd ${folder}/current && exec ${process.execPath} server.cjs`], cwd: folder }
    }
  })
  const first = await shakeHands(server.target(), 'TLSv1.3')
  await server.reload()
  t.match(await shakeHands(server.target(), 'TLSv1.3', first.session), { resumed: true, generation: 2 })
})

t.test('a new certificate is served by the next generation, which still resumes sessions', async (t) => {
  const server = await startServer(t, { config: config({ probation: 0 }) })
  const first = await shakeHands(server.target(), 'TLSv1.3')
  t.equal(first.name, 'first.test.invalid')
  await server.release.configure(config({}, {}, 'second'))
  await server.reload()
  t.match(await shakeHands(server.target(), 'TLSv1.3'), { name: 'second.test.invalid', generation: 2 })
  t.match(await shakeHands(server.target(), 'TLSv1.3', first.session), { resumed: true, generation: 2 })
})

function config(
  options: FixtureConfig['options'],
  fastify: FixtureConfig['fastify'] = {},
  name: Certificate = 'first'
): FixtureConfig {
  return { options: options ?? {}, fastify: { ...fastify, https: certificate(name) } }
}

async function openTcp(t: Test, target: Target): Promise<Socket> {
  const { tls: _, ...place } = overTls(target)
  const socket = connect(place).on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Stands between a client and a server, and lets the second flight of a handshake through only when it is told to. */
class Relay {
  readonly target: Target
  /** Resolves when the server has answered the first flight. */
  readonly begun: Promise<unknown>
  #goOn: () => void = () => {}

  private constructor(t: Test, target: Target, port: number, accepted: Promise<Socket>) {
    this.target = { host: '127.0.0.1', port }
    const may = new Promise<void>((resolve) => {
      this.#goOn = resolve
    })
    this.begun = accepted.then(async (client) => {
      const server = await openTcp(t, target)
      client.once('data', (flight) => server.write(flight))
      const [answer] = await once(server, 'data')
      server.pause()
      void may.then(() => {
        client.write(answer)
        client.pipe(server).pipe(client)
      })
      t.teardown(() => client.destroy())
    })
  }

  static async open(t: Test, target: Target): Promise<Relay> {
    const relay = createServer()
    t.teardown(() => relay.close())
    const accepted = once(relay, 'connection').then(([client]) => (client as Socket).on('error', () => {}))
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    const address = relay.address() as { port: number }
    return new Relay(t, target, address.port, accepted)
  }

  goOn(): void {
    this.#goOn()
  }
}

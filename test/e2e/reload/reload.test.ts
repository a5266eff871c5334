import t from 'tap'
import { echo } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { EARLY } from '../../support/limit.js'
import { startServer } from '../../support/start.js'

for (const script of ['server.cjs', 'server.mjs']) {
  t.test(`SIGHUP replaces ${script} by its new release, on the same listening socket`, async (t) => {
    const server = await startServer(t, { script })
    const before = listeningInodes(server.pid)
    await server.release.configure({ release: 'B' })
    server.signal('SIGHUP')
    const child = await server.serving(2)
    t.not(child, server.pid)
    if (HAS_PROC) t.strictSame(listeningInodes(child), before, 'adopted, not bound afresh')

    t.match(await server.eventOf(server.pid, 'reload-succeeded'), { result: { generation: 2, pid: child } })
    t.equal(await server.exitOf(server.pid), 0)
    t.equal(server.events((line) => line.fixture === 'onClose' && line.pid === server.pid).length, 1)

    const connection = await HttpConnection.open(server.target())
    const response = await connection.request({ path: '/' })
    t.strictSame(JSON.parse(response.body), { pid: child, generation: 2, release: 'B' })
    t.strictSame(server.alive(), HAS_PROC ? [child] : [])
    connection.close()
    t.equal(await server.stop(), 0)
  })
}

t.test('an admin route over a keep-alive connection reloads and gets its answer', async (t) => {
  const server = await startServer(t)
  const connection = await HttpConnection.open(server.target())
  await connection.request({ path: '/' })
  const response = await connection.request({ method: 'POST', path: '/admin/reload' })
  t.equal(response.status, 200, response.body)
  const result = JSON.parse(response.body)
  const previous = { generation: 1, pid: server.pid }
  t.match(result, {
    generation: 2,
    pid: await server.serving(2),
    previous,
    reason: 'admin route',
    timings: { boot: Number, handoff: Number }
  })
  t.not(result.pid, server.pid)
  connection.close()
  t.equal(await server.exitOf(server.pid), 0)
})

for (const moment of ['handed-over', 'draining'] as const) {
  t.test(`the parent finishes a request from before a reload when it is ${moment}`, async (t) => {
    const probation = moment === 'handed-over' ? 2_000 : 0
    const server = await startServer(t, { config: { options: { probation } } })
    const [slow, uploading, streaming, pipelining, idle] = (await Promise.all(
      Array.from({ length: 5 }, () => HttpConnection.open(server.target()))
    )) as [HttpConnection, HttpConnection, HttpConnection, HttpConnection, HttpConnection]
    const held = slow.send({ path: '/hold/slow' })
    const upload = uploading.upload('/upload/upload')
    upload.write('first half, ')
    const stream = streaming.send({ path: '/stream/stream' })
    const pipelined = pipelining.pipeline([{ path: '/hold/pipelined' }, echo('second'), echo('third')])
    const tests = [server.held('slow'), server.held('upload'), stream.head, server.held('pipelined')]
    await Promise.all([...tests, idle.request({ path: '/' })])

    server.signal('SIGHUP')
    const child = await server.serving(2)
    await server.eventOf(server.pid, moment)
    const fresh = await HttpConnection.open(server.target())
    t.match(JSON.parse((await fresh.request({ path: '/' })).body), { pid: child, generation: 2 })
    fresh.close()

    upload.write('second half')
    t.match(JSON.parse((await upload.finish()).body), { bytes: 23, pid: server.pid })
    for (const name of ['slow', 'stream', 'pipelined']) await server.tell({ command: 'release', name }, server.pid)
    t.match(JSON.parse((await held.response).body), { pid: server.pid, generation: 1 })
    t.equal((await stream.response).body, `begin\nend ${server.pid}\n`)
    const responses = await Promise.all(pipelined.map((exchange) => exchange.response))
    t.match(responses, [{ status: 200 }, { body: 'second' }, { body: 'third' }])
    t.strictSame(
      responses.slice(1).map((response) => response.headers['x-generation']),
      ['1', '1']
    )
    t.match(await idle.request(echo('was idle')), { status: 200, body: 'was idle' })

    for (const connection of [slow, uploading, streaming, pipelining, idle]) connection.close()
    t.equal(await server.exitOf(server.pid), 0)
    t.strictSame(server.events('forced'), [])
  })
}

t.test('a draining parent tells its clients to close, also in answers in progress', async (t) => {
  const server = await startServer(t, { config: { options: { probation: 0, connections: 'close' } } })
  const [busy, idle] = [await HttpConnection.open(server.target()), await HttpConnection.open(server.target())]
  await idle.request({ path: '/' })
  const slow = busy.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')

  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  t.match(await slow.response, { status: 200, headers: { connection: 'close' } })
  t.match(await idle.request(echo('late')), { status: 200, body: 'late', headers: { connection: 'close' } })
  t.strictSame(await Promise.all([busy.closed, idle.closed]), ['by the server', 'by the server'])
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('an idle connection of the parent lives as long as its keep-alive timeout', async (t) => {
  const keepAliveTimeout = 1_500
  const server = await startServer(t, {
    config: { options: { probation: 0, connections: 'close' }, fastify: { keepAliveTimeout } }
  })
  const idle = await HttpConnection.open(server.target())
  const begin = performance.now()
  await idle.request({ path: '/' })
  server.signal('SIGHUP')
  t.equal(await server.waitFor(idle.closed, 'end of the idle connection'), 'by the server')
  t.ok(performance.now() - begin >= keepAliveTimeout - EARLY, 'not closed earlier')
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a stream that ends with the signal ends when the parent drains', async (t) => {
  const server = await startServer(t)
  const connection = await HttpConnection.open(server.target())
  const events = connection.send({ path: '/events' })
  await events.head
  server.signal('SIGHUP')
  await server.eventOf(server.pid, 'draining')
  t.equal((await events.response).body, 'begin\nend\n')
  connection.close()
  t.equal(await server.exitOf(server.pid), 0)
})

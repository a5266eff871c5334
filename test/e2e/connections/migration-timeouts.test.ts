import t from 'tap'
import { echo } from '../../support/clients.js'
import type { HttpConnection } from '../../support/connection.js'
import { EARLY } from '../../support/limit.js'
import { openIdle, openUnused, reloadAndCount } from '../../support/moving.js'
import { startServer } from '../../support/start.js'

const script = 'migration.cjs'
/** Long enough for two reloads on a busy machine. Milliseconds. */
const keepAliveTimeout = 8_000
const headersTimeout = 500
// Node would answer 408 to a connection that owes a request for longer than headersTimeout.
const fastify = { keepAliveTimeout, http: { headersTimeout, connectionsCheckingInterval: 50 } }

t.jobs = 2

t.test('a connection that moved twice is closed without a word by its keep-alive timeout, not earlier', async (t) => {
  const server = await startServer(t, { script, config: { fastify, options: { probation: 300 } } })
  const begin = performance.now()
  const connections = await openIdle(server.target(), 3)
  const [, used] = connections as [HttpConnection, HttpConnection]
  t.equal(await reloadAndCount(server), 3)
  t.equal(await reloadAndCount(server), 3)
  const usedAgain = performance.now()
  t.match(await used.request(echo('still there')), { body: 'still there', headers: { 'x-generation': '3' } })

  for (const connection of connections) {
    t.equal(await server.waitFor(connection.closed, 'end of an idle connection'), 'by the server')
    const since = connection === used ? usedAgain : begin
    t.ok(performance.now() - since >= keepAliveTimeout - EARLY, 'not earlier')
    t.strictSame(connection.unsolicited, [], 'without a 408')
  }
  t.equal(await server.stop(), 0)
})

t.test('a request on a moved connection may take longer than the keep-alive timeout', async (t) => {
  const server = await startServer(t, { script, config: { fastify } })
  const [busy, uploading, witness] = (await openIdle(server.target(), 3)) as [
    HttpConnection,
    HttpConnection,
    HttpConnection
  ]
  t.equal(await reloadAndCount(server), 3)
  const answer = busy.send({ path: '/hold/long' })
  const upload = uploading.upload('/upload/long')
  upload.write('long')
  await server.held('long')
  // Idle for as long as the requests of the others are in progress.
  await witness.request({ path: '/' })
  t.equal(await server.waitFor(witness.closed, 'end of the idle connection'), 'by the server')

  await server.tell({ command: 'release', name: 'long' })
  t.match(await answer.response, { status: 200 })
  t.match(JSON.parse((await upload.finish()).body), { bytes: 4, generation: 2 })
  for (const connection of [busy, uploading]) {
    t.match(await connection.request(echo('next')), { status: 200, body: 'next' })
  }
  for (const connection of [busy, uploading]) {
    t.equal(await server.waitFor(connection.closed, 'end of an idle connection'), 'by the server')
    t.strictSame(connection.unsolicited, [])
  }
})

t.test('half a request on a moved connection is answered 408, as on any other', async (t) => {
  // One that was never used owes a request from the beginning: the reload must not take longer.
  const patient = { ...fastify, http: { ...fastify.http, headersTimeout: keepAliveTimeout } }
  const server = await startServer(t, { script, config: { fastify: patient } })
  const connections = [...(await openIdle(server.target(), 1)), ...(await openUnused(server.target(), 1))]
  t.equal(await reloadAndCount(server), 2)
  const halves = connections.map((connection) => connection.begin('GET / HTTP/1.1\r\nhost:'))
  for (const [index, { response }] of halves.entries()) {
    t.match(await response, { status: 408 })
    t.equal(await connections[index]?.closed, 'by the server')
  }
})

t.test('moving again and again does not prolong the life of a silent connection', async (t) => {
  const server = await startServer(t, { script, config: { fastify, options: { probation: 0 } } })
  const [silent] = (await openIdle(server.target(), 1)) as [HttpConnection]
  const begin = performance.now()
  while (!silent.isClosed && performance.now() - begin < 4 * keepAliveTimeout) await server.reload()
  t.ok(server.events('reload-succeeded').length > 1)
  t.equal(silent.isClosed, true)
  t.strictSame(silent.unsolicited, [])
})

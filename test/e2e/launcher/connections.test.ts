import t from 'tap'
import { HttpConnection, type Target } from '../../support/connection.js'
import { shakeHands } from '../../support/handshake.js'
import { startServer } from '../../support/start.js'
import { certificate } from '../../support/tls.js'
import { CountingClient, WebSocketClient } from '../../support/websocket.js'

t.jobs = 2

const launcher: string[] = []

t.test('WebSockets move through the launcher', async (t) => {
  const server = await startServer(t, { launcher, script: 'websocket.cjs' })
  const open = () => WebSocketClient.open(server.target(), '/ws/echo')
  const clients = (await Promise.all(Array.from({ length: 20 }, open))).map((client) => new CountingClient(client))
  for (const generation of [2, 3, 4]) {
    await server.reload()
    await server.waitFor(Promise.all(clients.map((client) => client.reached(generation))), `generation ${generation}`)
  }
  await server.waitFor(Promise.all(clients.map((client) => client.finish())), 'last answers')
  const wrong = clients.flatMap((client) => client.wrong)
  t.strictSame(wrong, [])
  t.ok(clients.every(({ client }) => !client.isClosed))
  await Promise.all(clients.map(({ client }) => client.close()))
  t.equal(await server.stop(), 0)
})

t.test('the state passes from generation to generation; a crash loses it', async (t) => {
  const server = await startServer(t, { launcher, script: 'state.cjs' })
  t.match(await hit(server.target()), { hits: 1 })
  await server.reload()
  await server.reload()
  t.match(await hit(server.target()), { hits: 2, pid: server.current })
  server.signal('SIGKILL', server.current)
  t.match(await hit(server.target()), { hits: 1 })
  t.equal(await server.stop(), 0)
})

for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`${protocol}: a session is resumed after a reload, and after a crash too`, async (t) => {
    const config = { options: { probation: 0 }, fastify: { https: certificate() } }
    const server = await startServer(t, { launcher, config })
    const { session } = await shakeHands(server.target(), protocol)
    await server.reload()
    t.match(await shakeHands(server.target(), protocol, session), { resumed: true, generation: 2 })
    const known = server.current
    server.signal('SIGKILL', known)
    t.match(await shakeHands(server.target(), protocol, session), { resumed: true, generation: 2 })
    t.not(server.current, known)
    t.equal(await server.stop(), 0)
  })
}

async function hit(target: Target): Promise<unknown> {
  const connection = await HttpConnection.open(target)
  const { body } = await connection.request({ method: 'POST', path: '/hits' })
  connection.close()
  return JSON.parse(body)
}

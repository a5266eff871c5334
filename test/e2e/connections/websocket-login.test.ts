import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { LoginClient } from '../../support/login-client.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { WebSocketClient } from '../../support/websocket.js'

// A protocol whose state is not in the request: a client that has not logged in by a message is closed at the next one.

t.jobs = 2

t.test(
  'by default the client is asked to come again, logs in, and hears all that is published from then on',
  async (t) => {
    const { server, client } = await begin(t, '/ws/login')
    for (const generation of [2, 3]) {
      await server.reload()
      await server.waitFor(client.reached(generation), `login at generation ${generation}`)
      await checkHeard(t, server, client, generation)
    }
    t.strictSame(
      client.closings.map(({ code }) => code),
      [1012, 1012]
    )
    await client.close()
  }
)

t.test('a route that hands the user along keeps the client logged in', async (t) => {
  const { server, client } = await begin(t, '/ws/login/moved')
  for (const generation of [2, 3]) {
    await server.reload()
    await checkHeard(t, server, client, generation)
  }
  t.strictSame(client.closings, [])
  await client.close()
})

t.test('a client that has not logged in yet is closed with 1012 by the same route', async (t) => {
  const server = await startServer(t, { script: 'websocket.cjs' })
  const client = await WebSocketClient.open(server.target(), '/ws/login/moved')
  await server.reload()
  t.match(await server.waitFor(client.closed, 'close frame'), { code: 1012 })
})

async function begin(t: Test, path: string) {
  const server = await startServer(t, { script: 'websocket.cjs' })
  const client = await LoginClient.open(server.target(), path, 'Ada')
  await checkHeard(t, server, client, 1)
  return { server, client }
}

/** Says something and publishes three events: the answer comes, and the events, in order. */
async function checkHeard(t: Test, server: TestServer, client: LoginClient, generation: number): Promise<void> {
  const before = client.events.length
  t.match(await server.waitFor(client.say(`hello ${generation}`), 'answer'), { by: 'Ada', generation })
  const connection = await HttpConnection.open(server.target())
  const events = [1, 2, 3].map((number) => `${generation}.${number}`)
  for (const event of events) {
    const { body } = await connection.request({ method: 'POST', path: `/publish/${event}` })
    t.strictSame(JSON.parse(body), { heardBy: 1 })
  }
  connection.close()
  await server.waitFor(client.heard(`${generation}.3`), 'the last event')
  t.strictSame(client.events.slice(before), events)
}

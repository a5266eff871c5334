import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import WebSocket, { WebSocketServer } from 'ws'
import { Framework } from '../../support/frameworks.js'
import { startServer } from '../../support/start.js'
import { WebSocketClient } from '../../support/websocket.js'

const framework = new Framework('http-proxy', '@fastify/http-proxy@11')

t.test(
  'a WebSocket through @fastify/http-proxy comes again, and hears the upstream',
  { skip: framework.missing },
  async (t) => {
    const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.teardown(() => upstream.close())
    await once(upstream, 'listening')
    const { port } = upstream.address() as AddressInfo
    const server = await startServer(t, {
      script: 'http-proxy.cjs',
      config: { extra: { upstream: `http://127.0.0.1:${port}` } },
      prepare: (release) => framework.provide(release, '@fastify/http-proxy')
    })
    const publish = (text: string) => {
      for (const socket of upstream.clients) if (socket.readyState === WebSocket.OPEN) socket.send(text)
    }
    for (const generation of [1, 2, 3]) {
      const arrived = once(upstream, 'connection')
      const client = await WebSocketClient.open(server.target(), '/upstream/')
      const [socket] = (await server.waitFor(arrived, 'connection at the upstream')) as [WebSocket]
      for (const number of [1, 2, 3]) publish(`${generation}.${number}`)
      await server.waitFor(
        client.until(() => client.messages.length === 3),
        'what the upstream says'
      )
      t.strictSame(
        client.messages,
        [1, 2, 3].map((number) => `${generation}.${number}`)
      )
      const left = once(socket, 'close')
      if (generation < 3) await server.reload()
      else server.signal('SIGTERM')
      t.match(await server.waitFor(client.closed, 'close frame'), { code: generation < 3 ? 1012 : 1001 })
      await server.waitFor(left, 'end at the upstream')
    }
    t.strictSame(server.events('forced'), [])
  }
)

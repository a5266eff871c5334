import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import WebSocket, { type WebSocketServer } from 'ws'
import { isBetweenFrames, isPlain, isRouted, webSocketOn } from '../../../lib/internals/websocket.js'

/** One open WebSocket, seen from both sides. */
async function open(t: Test, perMessageDeflate = false) {
  const app = Fastify()
  await app.register(fastifyWebsocket, { options: { perMessageDeflate } })
  app.get('/', { websocket: true }, () => {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { websocketServer, server } = app as typeof app & { websocketServer: WebSocketServer }
  const [accepted, upgraded] = [once(websocketServer, 'connection'), once(server, 'upgrade')]
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  t.teardown(async () => {
    client.terminate()
    await app.close()
  })
  const [webSocket] = (await accepted) as [WebSocket]
  const [request, socket] = await upgraded
  await once(client, 'open')
  return { client, webSocket, request, socket: socket as Socket, below: (client as unknown as Below)._socket }
}

interface Below {
  _socket: Socket
}

t.test('the WebSocket on a connection is found, and that a route has answered it', async (t) => {
  const { webSocket, request, socket, below } = await open(t)
  t.equal(webSocketOn(socket), webSocket)
  t.ok(isRouted(request, socket))
  t.notOk(isRouted(request, below))
  t.equal(webSocketOn({} as Socket), undefined)
})

t.test('whether it is compressed, and whether it is open', async (t) => {
  const { webSocket } = await open(t)
  t.ok(isPlain(webSocket))
  webSocket.close()
  t.notOk(isPlain(webSocket))
  t.notOk(isPlain((await open(t, true)).webSocket))
})

t.test('between two frames, and not between two halves of one', async (t) => {
  const { webSocket, socket, below } = await open(t)
  t.ok(isBetweenFrames(webSocket, socket))

  below.write(Buffer.from([0x81, 0x83, 0, 0, 0, 0, 0x61]))
  await once(socket, 'data')
  t.notOk(isBetweenFrames(webSocket, socket), 'half a frame')
  below.write('bc')
  t.equal(String((await once(webSocket, 'message'))[0]), 'abc')
  await new Promise(setImmediate)
  t.ok(isBetweenFrames(webSocket, socket))

  below.write(Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x61]))
  await once(socket, 'data')
  t.notOk(isBetweenFrames(webSocket, socket), 'half a message')
  below.write(Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x62]))
  t.equal(String((await once(webSocket, 'message'))[0]), 'ab')
})

t.test('wherever a frame is cut', async (t) => {
  const { webSocket, socket, below } = await open(t)
  const frame = Buffer.concat([Buffer.from([0x81, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126, 'a')])
  for (let at = 1; at < 12; at++) {
    below.write(frame.subarray(0, at))
    await once(socket, 'data')
    t.notOk(isBetweenFrames(webSocket, socket), `after ${at} bytes`)
    below.write(frame.subarray(at))
    await once(webSocket, 'message')
    await new Promise(setImmediate)
  }
})

t.test('not while something waits to be sent', async (t) => {
  const { client, webSocket, socket } = await open(t)
  webSocket.send('half ', { fin: false })
  t.notOk(isBetweenFrames(webSocket, socket), 'half a message')
  webSocket.send('a message')
  t.ok(isBetweenFrames(webSocket, socket))

  client.pause()
  const sent = new Promise((resolve) => webSocket.send(Buffer.alloc(2 ** 25), resolve))
  t.notOk(isBetweenFrames(webSocket, socket), 'more than the system takes')
  client.resume()
  await sent
  t.ok(isBetweenFrames(webSocket, socket))
})

t.test('what looks different is never at rest', async (t) => {
  const { socket } = await open(t)
  t.notOk(isBetweenFrames({} as WebSocket, socket))
})

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { WebSockets } from '../../../lib/connections/websockets.js'

t.test('a connection may yet move as long as it is not known who answers its upgrade', async (t) => {
  const webSockets = new WebSockets(() => {})
  const socket = { bytesWritten: 0 } as Socket
  const request = { headers: { upgrade: 'websocket' }, rawHeaders: [] as string[] } as IncomingMessage
  t.equal(webSockets.mobility(socket), 'never', 'it is no WebSocket')
  webSockets.upgrading(request, socket)
  t.equal(webSockets.mobility(socket), 'busy')
  await turn()
  t.equal(webSockets.mobility(socket), 'never', 'no route does')
})

t.test('one that has a body never moves', async (t) => {
  const webSockets = new WebSockets(() => {})
  const socket = { bytesWritten: 0 } as Socket
  const rawHeaders = ['Content-Length', '3']
  webSockets.upgrading({ headers: { upgrade: 'websocket' }, rawHeaders } as IncomingMessage, socket)
  t.equal(webSockets.mobility(socket), 'never')
})

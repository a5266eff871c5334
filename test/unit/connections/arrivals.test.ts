import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Arrivals } from '../../../lib/connections/arrivals.js'
import { Arrived } from '../../../lib/connections/arrived.js'
import { Connections } from '../../../lib/connections/tracker.js'
import { type ConnectionHandle, keepHandle } from '../../../lib/internals/connection-handle.js'
import type { FromTaker } from '../../../lib/protocol/connection-messages.js'

/** A process to which connections come, with room for so many. */
async function startTaking(t: Test, room: number) {
  const server = createHttpServer((_request, response) => response.end())
  server.maxConnections = room
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connections = new Connections(server, () => {})
  const said: FromTaker[] = []
  const arrivals = new Arrivals({
    arrived: new Arrived(),
    find: () => connections,
    passesOn: () => false,
    send: async (message) => said.push(message),
    isInReach: () => true,
    notes: () => false,
    resume: () => {},
    comes: () => {},
    accepted: () => {}
  })
  const receive = (handles: readonly ConnectionHandle[]) => {
    for (const [index, handle] of handles.entries()) {
      const rest = handles.length - 1 - index
      arrivals.receive({ type: 'connection', id: index + 1, index: 0, used: true, timeLeft: 0, rest }, handle)
    }
  }
  return { connections, arrivals, said, receive }
}

/** Connections that a process could send. */
async function openHandles(t: Test, count: number): Promise<ConnectionHandle[]> {
  const sockets: Socket[] = []
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  while (sockets.length < count) await turn()
  return sockets.map((socket) => keepHandle(socket) as ConnectionHandle)
}

t.test('of connections that come together, none is taken for which there is no room', async (t) => {
  const { connections, said, receive } = await startTaking(t, 3)
  receive(await openHandles(t, 8))
  while (connections.size < 3) await turn()
  const refused = said.filter(({ type }) => type === 'connection refused')
  t.match(
    said.filter(({ type }) => type === 'connection taken'),
    [{ id: 1, others: [2, 3] }]
  )
  t.equal(refused.length, 5)
  await turn()
  t.equal(connections.size, 3)
})

t.test('a place that was not used is free again', async (t) => {
  const { connections, arrivals, said, receive } = await startTaking(t, 2)
  const [first, second, third] = (await openHandles(t, 3)) as [ConnectionHandle, ConnectionHandle, ConnectionHandle]
  const upgrade = { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [], hasState: false }
  arrivals.receive({ type: 'connection', id: 9, index: 0, used: true, timeLeft: 0, upgrade } as never, first)
  await turn()
  arrivals.kept(9) // A WebSocket that its giver keeps after all.
  receive([second, third])
  while (connections.size < 2) await turn()
  t.strictSame(
    said.map(({ type }) => type),
    ['connection taken', 'connection taken']
  )
})

t.test('a process that begins to leave answers at once', async (t) => {
  const { connections, arrivals, said } = await startTaking(t, 10)
  const [handle] = (await openHandles(t, 1)) as [ConnectionHandle]
  arrivals.receive({ type: 'connection', id: 1, index: 0, used: true, timeLeft: 0, rest: 3 }, handle)
  arrivals.answer()
  t.match(said, [{ type: 'connection taken', id: 1 }])
  while (connections.size < 1) await turn()
  t.equal(connections.size, 1)
})

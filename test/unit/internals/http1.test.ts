import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { idleConnections } from '../../../lib/internals/http1.js'

for (const own of [false, true]) {
  const where = own ? ', also where the server has such a method of its own, which does nothing' : ''
  t.test(`the connections that Node would close as idle are found, and none is closed${where}`, async (t) => {
    const server = createServer((_request, response) => void response.end('here')).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    if (own) server.closeIdleConnections = () => {}
    const [idle, busy] = [
      await connected(t, server.address() as AddressInfo),
      await connected(t, server.address() as AddressInfo)
    ]
    const accepted = [await ask(server, idle), await ask(server, busy)] as const
    server.removeAllListeners('request')
    const [request] = await Promise.all([once(server, 'request'), busy.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')])
    t.strictSame([...idleConnections(server, accepted)], [accepted[0]])
    t.notOk(accepted.some((socket) => socket.destroyed))
    ;(request as [IncomingMessage, ServerResponse])[1].end()
  })
}

async function connected(t: Test, { port }: AddressInfo): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Lets a connection answer one request; returns the server's side of it. */
async function ask(server: ReturnType<typeof createServer>, client: Socket): Promise<Socket> {
  const request = once(server, 'request')
  client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
  const [{ socket }] = (await request) as [IncomingMessage]
  await once(client, 'data')
  return socket
}

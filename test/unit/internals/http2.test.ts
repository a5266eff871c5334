import { once } from 'node:events'
import { createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { openStreams, sendShutdownNotice } from '../../../lib/internals/http2.js'
import { FrameConnection } from '../../support/http2-frames.js'

/** The last stream that a GOAWAY names which does not say how far the server came. */
const NO_STREAM = 2 ** 31 - 1

interface Sides {
  client: FrameConnection
  session: ServerHttp2Session
  socket: Socket
  /** Paths of the requests that the server has begun. */
  begun: string[]
}

t.test('after the notice streams are served on', async (t) => {
  const { client, session, socket, begun } = await open(t)
  t.equal(sendShutdownNotice(session, socket), true)
  await client.goaway(1)
  client.begin(3, '/late')
  t.strictSame(await client.end(3), { body: 'answer' })
  t.strictSame(begun, ['/', '/late'])
  session.close()
  await client.goaway(2)
  t.strictSame(client.goaways.slice(0, 2), [NO_STREAM, 3])
})

t.test('after a GOAWAY of Node they are not, which is why the notice is written beside the session', async (t) => {
  const { client, session, begun } = await open(t)
  client.begin(3, '/hold')
  await round(session)
  session.goaway(0, NO_STREAM)
  await client.goaway(1)
  client.begin(5, '/late')
  await round(session)
  t.strictSame(begun, ['/', '/hold'])
  session.close()
  await client.goaway(2)
  t.strictSame(client.goaways, [NO_STREAM, 3])
})

t.test('the notice is not sent when the session has ended', async (t) => {
  const { session, socket } = await open(t)
  session.destroy()
  t.equal(sendShutdownNotice(session, socket), false)
})

t.test(
  'the streams in progress are known with their requests, also those from before the first question',
  async (t) => {
    const { client, session } = await open(t)
    client.begin(3, '/hold/1')
    client.begin(5, '/hold/2?query')
    client.begin(7, '/')
    await client.end(7)
    t.match(
      openStreams(session).map(({ stream, request }) => [stream.id, request?.method, request?.url]),
      [
        [3, 'GET', '/hold/1'],
        [5, 'GET', '/hold/2?query']
      ]
    )
  }
)

/** One session after its first request, seen from both sides; its server answers everything but /hold. */
async function open(t: Test): Promise<Sides> {
  const begun: string[] = []
  const server = createServer((request, response) => {
    begun.push(request.url)
    if (!request.url.startsWith('/hold')) response.end('answer')
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const both = Promise.all([once(server, 'connection'), once(server, 'session')])
  const client = await FrameConnection.open(t, { host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  client.begin(1, '/')
  await client.end(1)
  const [[socket], [session]] = await both
  return { client, session, socket, begun }
}

/** What the client had sent before has been read. */
function round(session: ServerHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.ping((error) => (error ? reject(error) : resolve()))
  })
}

import { once } from 'node:events'
import { Agent, request as ask, createServer as createHttp } from 'node:http'
import { connect, createServer as createHttp2 } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import t from 'tap'
import { AnswerCount } from '../../../lib/connections/answer-count.js'
import { Connections } from '../../../lib/connections/tracker.js'

/** Answers with the status that the path says. */
function answer(request: { url?: string | undefined }, response: { statusCode: number; end(): unknown }): void {
  response.statusCode = Number(request.url?.slice(1))
  response.end()
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

t.test('HTTP/1.1: first and later requests of a connection, and the status of each', async (t) => {
  const server = createHttp(answer)
  const connections = new Connections(server, () => {})
  const port = await listen(server)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
    server.close()
  })
  const get = async (path: string) => {
    const [response] = await once(ask({ port, path, agent }).end(), 'response')
    await once(response.resume(), 'end')
  }
  await get('/500')
  const older = new WeakSet(connections.open)
  const count = new AnswerCount([connections], (socket) => older.has(socket))
  for (const status of [200, 500, 503, 499]) await get(`/${status}`)
  t.strictSame(count.answers, { first: { answers: 0, errors: 0 }, later: { answers: 4, errors: 2 } })
  agent.destroy()
  for (const status of [500, 404]) await get(`/${status}`)
  t.strictSame(count.answers, { first: { answers: 1, errors: 1 }, later: { answers: 5, errors: 2 } })
  const { length } = server.listeners('request')
  count.end()
  t.equal(server.listeners('request').length, length - 1)
  await get('/500')
  t.strictSame(count.answers, { first: { answers: 1, errors: 1 }, later: { answers: 5, errors: 2 } })
})

t.test('HTTP/2 without a listener for requests: a server is left as it is', async (t) => {
  const server = createHttp2()
  server.on('stream', (stream) => stream.respond({ ':status': 200 }, { endStream: true }))
  const count = new AnswerCount([new Connections(server, () => {})], () => false)
  t.equal(server.listenerCount('request'), 0)
  count.end()
})

t.test('HTTP/2: the first stream of a session, and the later ones', async (t) => {
  const server = createHttp2(answer)
  const connections = new Connections(server, () => {})
  const port = await listen(server)
  const count = new AnswerCount([connections], () => false)
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => {
    session.close()
    server.close()
  })
  for (const status of [500, 500, 200]) {
    const stream = session.request({ ':path': `/${status}` })
    stream.resume()
    await once(stream, 'close')
  }
  t.strictSame(count.answers, { first: { answers: 1, errors: 1 }, later: { answers: 2, errors: 1 } })
  count.end()
})

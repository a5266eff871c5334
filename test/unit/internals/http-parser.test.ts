import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { canSeeRequests, isBetweenRequests, markIdle, onRequestBegin } from '../../../lib/internals/http-parser.js'

/** What a client sends, piece by piece, whether what was sent up to there is whole, and how many requests it makes. */
const PIECES: Array<[bytes: string, isWhole: boolean, requests: number]> = [
  ['GET /a HT', false, 0],
  ['TP/1.1\r\nho', false, 0],
  ['st: a\r\n\r\n', true, 1],
  ['POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n', false, 1],
  ['ab', false, 1],
  ['c', true, 2],
  ['POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n', false, 2],
  ['\r\n', true, 3],
  ['\r\n', true, 3],
  ['GET /d HTTP/1.1\r\nhost: a\r\n\r\nGET /e', false, 4],
  [' HTTP/1.1\r\nhost: a\r\n\r\n', true, 5]
]

t.test('Node tells whether a request is coming in, and goes on with it', async (t) => {
  const open = await connection(t)
  const { socket, urls } = open
  t.equal(isBetweenRequests(socket), true, 'nothing was sent yet')
  for (const [bytes, isWhole, requests] of PIECES) {
    await send(open, bytes, requests)
    t.equal(isBetweenRequests(socket), isWhole, JSON.stringify(bytes))
    t.equal(isBetweenRequests(socket), isWhole, 'asked again')
  }
  t.strictSame(urls, ['/a 0', '/b 3', '/c 3', '/d 0', '/e 0'])
})

t.test('Node reports the first byte of each request', async (t) => {
  t.equal(canSeeRequests(), true)
  const open = await connection(t)
  const { socket, urls } = open
  const seen: number[] = []
  const stop = onRequestBegin(socket, () => seen.push(urls.length))
  for (const [bytes, , requests] of PIECES.slice(0, 6)) await send(open, bytes, requests)
  t.strictSame(seen, [0, 1], 'before anything was done about it')
  stop?.()
  await send(open, 'GET /f HTTP/1.1\r\nhost: a\r\n\r\n', 3)
  t.equal(seen.length, 2)
  t.equal(urls.at(-1), '/f 0')
})

t.test('a connection without a parser tells nothing', async (t) => {
  const socket = { parser: undefined } as unknown as Socket
  t.equal(isBetweenRequests(socket), undefined)
  t.equal(
    onRequestBegin(socket, () => {}),
    undefined
  )
  t.equal(markIdle(socket), false)
})

/** A connection to a server, from both sides, with the requests that it got whole. */
interface Connection {
  socket: Socket
  client: Socket
  urls: string[]
}

async function connection(t: Test): Promise<Connection> {
  const urls: string[] = []
  const server = createServer(async (request, response) => {
    let size = 0
    for await (const chunk of request) size += chunk.length
    urls.push(`${request.url} ${size}`)
    response.end()
  })
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const client = connect(await portOf(server))
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  client.resume()
  return { socket: await accepted, client, urls }
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** Sends bytes, and waits until the server has read them, and got so many requests whole. */
async function send({ client, socket, urls }: Connection, bytes: string, requests: number): Promise<void> {
  const expected = socket.bytesRead + bytes.length
  client.write(bytes)
  while (socket.bytesRead < expected || urls.length < requests) await turn()
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

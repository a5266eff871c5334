import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { REQUESTS } from '../../../lib/control/requests.js'
import { ControlClient, parseAnswer, startWithControl, statusAt } from '../../support/control-requests.js'
import { within } from '../../support/limit.js'

const GET = 'GET /status HTTP/1.1\r\n'
const reload = (body: string) => `POST /reload HTTP/1.1\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** What a client does in place of a request, and the status and the error that it is told. */
const STRANGE: Array<{ name: string; act: (client: ControlClient) => void; status: number; told: RegExp }> = [
  {
    name: 'garbage',
    act: (client) => client.write('\u0000\u0001 hello\n'),
    status: 400,
    told: /expected HTTP, received "/
  },
  {
    name: 'bytes that are no text',
    act: (client) => client.write(Buffer.from([0, 255, 254, 10])),
    status: 400,
    told: /received "/
  },
  {
    name: 'megabytes',
    act: (client) => client.write(Buffer.alloc(4_000_000, 'x')),
    status: 400,
    told: /received "xxx/
  },
  {
    name: 'an endless head',
    act: (client) => client.write(GET + 'a: b\r\n'.repeat(9000)),
    status: 431,
    told: /its head has more than 16384/
  },
  {
    name: 'a huge header',
    act: (client) => client.write(`${GET}a: ${'b'.repeat(100_000)}\r\n\r\n`),
    status: 431,
    told: /its head has more/
  },
  {
    name: 'half a head, and the end',
    act: (client) => halve(client, GET),
    status: 400,
    told: /ended the connection in the middle of the request/
  },
  {
    name: 'half a body, and the end',
    act: (client) => halve(client, reload('{"reason":"x"}').slice(0, -3)),
    status: 400,
    told: /ended the connection in the middle/
  },
  { name: 'silence', act: () => {}, status: 408, told: /the client did not send a complete request within 5000 ms/ },
  { name: 'half a head, and silence', act: (client) => client.write(GET), status: 408, told: /within 5000 ms/ },
  {
    name: 'half a body, and silence',
    act: (client) => client.write(reload('{}').slice(0, -1)),
    status: 408,
    told: /within 5000 ms/
  },
  {
    name: 'an unknown path',
    act: (client) => client.write('GET /stats HTTP/1.1\r\n\r\n'),
    status: 404,
    told: /unknown path "\/stats"; the requests are GET \/status, GET \/metrics, .*POST \/stop/
  },
  {
    name: 'a path of an object',
    act: (client) => client.write('GET constructor HTTP/1.1\r\n\r\n'),
    status: 400,
    told: /expected HTTP/
  },
  {
    name: 'a wrong method',
    act: (client) => client.write('DELETE /status HTTP/1.1\r\n\r\n'),
    status: 405,
    told: /"\/status" does not allow "DELETE", only GET, HEAD/
  },
  {
    name: 'a reload by GET',
    act: (client) => client.write('GET /reload?reason=x HTTP/1.1\r\n\r\n'),
    status: 405,
    told: /does not allow "GET", only POST/
  },
  {
    name: 'a tunnel',
    act: (client) => client.write('CONNECT example.com:443 HTTP/1.1\r\n\r\n'),
    status: 404,
    told: /unknown path "example\.com:443"/
  },
  {
    name: 'a body that is no JSON',
    act: (client) => client.write(reload('reason=x')),
    status: 400,
    told: /expected JSON, received "reason=x"/
  },
  {
    name: 'a body that is no text',
    act: (client) =>
      client.write(Buffer.concat([Buffer.from(reload('12')).subarray(0, -2), Buffer.from([0xff, 0xfe])])),
    status: 400,
    told: /expected JSON/
  },
  {
    name: 'a list',
    act: (client) => client.write(reload('["x"]')),
    status: 400,
    told: /expected an object such as .*, received \["x"\]$/
  },
  {
    name: 'a misspelt key',
    act: (client) => client.write(reload('{"reson":"x"}')),
    status: 400,
    told: /the key "reson"; did you mean reason\?/
  },
  {
    name: 'a reason that is no text',
    act: (client) => client.write(reload('{"reason":1}')),
    status: 400,
    told: /the reason must be a string, received 1$/
  },
  {
    name: 'a long body',
    act: (client) => client.write(reload(JSON.stringify({ reason: 'x'.repeat(400_000) }))),
    status: 413,
    told: /its body has more than 16384 bytes/
  },
  {
    name: 'a long body in chunks',
    act: (client) =>
      client.write(
        `POST /reload HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n${`1000\r\n${'x'.repeat(0x1000)}\r\n`.repeat(100)}`
      ),
    status: 413,
    told: /its body has more than/
  },
  {
    name: 'another version',
    act: (client) => client.write(`${GET}fastify-graceful-control: 3\r\n\r\n`),
    status: 400,
    told: /speaks version 2 of the control interface, and the request is of version "3"/
  }
]

function halve(client: ControlClient, text: string): void {
  client.write(text)
  client.end()
}

t.test('a client that sends something wrong gets an error, and nothing happens to the server', async (t) => {
  const { server, control } = await startWithControl(t)
  const refuse = async ({ name, act, status, told }: (typeof STRANGE)[number]) => {
    const client = await ControlClient.open(control)
    act(client)
    await isRefused(t, client, status, told, name)
    t.match(await statusAt(control), { pid: server.pid, phase: 'serving' })
  }
  await Promise.all(STRANGE.map(refuse))
  t.strictSame(server.events('reload-started'), [])
})

t.test('what is not there, or not asked for so, is told with what there is', async (t) => {
  const { control } = await startWithControl(t)
  const requests = [
    ...['GET /status', 'GET /metrics', 'GET /healthz'],
    ...['POST /reload', 'POST /check', 'POST /workers', 'POST /stop']
  ]
  for (const [request, allow] of [
    ['GET /', undefined],
    ['GET /status/', undefined],
    ['POST /status', 'GET, HEAD'],
    ['GET /stop', 'POST']
  ] as const) {
    const client = await ControlClient.open(control)
    client.write(`${request} HTTP/1.1\r\n\r\n`)
    const { head, lines } = parseAnswer(await client.answer)
    t.equal(/^allow: (.*)$/im.exec(head)?.[1], allow, request)
    t.match(lines, [{ version: 2, error: { code: String }, requests }])
  }
})

t.test('a client that goes without a word, and one that ends its side when it has asked', async (t) => {
  const { server, control } = await startWithControl(t)
  const silent = await ControlClient.open(control)
  silent.end()
  t.equal(await silent.answer, '')
  const short = await ControlClient.open(control)
  short.write(`${GET}\r\n`)
  short.end()
  t.match(parseAnswer(await short.answer), { status: 200, lines: [{ workers: [{ pid: server.pid }] }] })
})

t.test('a request that comes byte by byte', async (t) => {
  const { server, control } = await startWithControl(t)
  const client = await ControlClient.open(control)
  for (const byte of reload('{"reason":"bit by bit \u00e9"}')) {
    client.write(byte)
    await new Promise(setImmediate)
  }
  const { lines } = parseAnswer(await client.answer)
  t.match(lines.at(-1), { event: 'done', result: { generation: 2, reason: 'bit by bit \u00e9' } })
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('who sends more than one request gets one answer, and one reload', async (t) => {
  const { server, control } = await startWithControl(t)
  const client = await ControlClient.open(control)
  client.write(`${GET}\r\n`.repeat(5000))
  const answer = await client.answer
  t.match(parseAnswer(answer.slice(0, answer.indexOf('\n', answer.indexOf('\r\n\r\n') + 4) + 1)), { status: 200 })
  t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1)
  const twice = await ControlClient.open(control)
  twice.write(reload('').repeat(2))
  t.match(parseAnswer(await twice.answer).lines.at(-1), { event: 'done', result: { generation: 2 } })
  t.match(await statusAt(control), { generation: 2, phase: 'serving' })
  t.equal(server.events('reload-queued').length, 0)
  const noise = '\u0000 garbage\r\n'
  const curious = await ControlClient.open(control)
  curious.write(`${GET}\r\n${noise.repeat(10_000)}`)
  t.match(parseAnswer(await curious.answer), { status: 200 })
  const noisy = await ControlClient.open(control)
  noisy.write(`${reload('')}${noise}`)
  t.match(parseAnswer(await noisy.answer), { status: 400 }, 'then nothing is done, either')
  t.match(await statusAt(control), { generation: 2, phase: 'serving' })
  t.equal(server.events('reload-started').length, 1)
})

t.test('a command of the former protocol is told both versions, in its own words', async (t) => {
  const { server, control } = await startWithControl(t)
  for (const command of ['"command":"status"', '"command":"reload","reason":"deploy"']) {
    const former = await ControlClient.open(control)
    former.write(`{"fastifyGracefulControl":1,${command}}\n`)
    t.match(JSON.parse(await former.answer), {
      fastifyGracefulControl: 1,
      error: {
        code: 'GRACEFUL_ERR_CONTROL_VERSION',
        message:
          /speaks version 2 of the control interface, which is HTTP, and the request is of version 1: use the command/
      }
    })
  }
  t.strictSame(server.events('reload-started'), [])
})

t.test('more clients than there is room for are told so, and the others are answered', async (t) => {
  const { server, control } = await startWithControl(t)
  const many = await Promise.all(Array.from({ length: 64 }, () => ControlClient.open(control)))
  const late = await ControlClient.open(control)
  t.match(parseAnswer(await late.answer), { status: 503, lines: [{ error: { code: 'GRACEFUL_ERR_BUSY' } }] })
  t.match(await many[40]?.ask({ command: 'status' }), { status: { workers: [{ pid: server.pid }] } })
  for (const client of many) client.destroy()
  const crowd = await Promise.all(
    Array.from({ length: 1000 }, () => ControlClient.open(control).catch(() => undefined))
  )
  for (const client of crowd) client?.destroy()
  const answered = async () => {
    while ((await statusAt(control).catch(() => undefined)) === undefined) await new Promise(setImmediate)
  }
  await within(answered(), 'answer after the crowd')
  t.equal(await server.stop(), 0)
})

t.test(
  'a client that does not read its answer fills no memory, and does not hold up the end of the process',
  async (t) => {
    const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
    const deaf = connect(control)
    await once(deaf, 'connect')
    deaf.write(reload('{"reason":"unread"}'))
    await server.event('handed-over')
    // Its answer ends, and nobody reads it.
    server.signal('SIGTERM', server.pid)
    t.equal(await server.exitOf(server.pid), 0)
    deaf.destroy()
  }
)

t.test('a client that goes away before its answer changes nothing', async (t) => {
  const { server, control } = await startWithControl(t)
  const client = await ControlClient.open(control)
  client.write(reload('{"reason":"deploy"}'))
  await server.event('reload-started')
  client.destroy()
  await server.serving(2)
  t.equal(await server.exitOf(server.pid), 0)
  t.match(await statusAt(control), { generation: 2, phase: 'serving' })
})

t.test('a client that sends nothing does not hold up the end of the process', async (t) => {
  // Less than a client has for its request.
  const { server, control } = await startWithControl(t, { options: { drainTimeout: 2000 } })
  const silent = await ControlClient.open(control)
  const stayer = await ControlClient.open(control)
  t.match(await stayer.ask({ command: 'status' }), { status: { workers: [{ pid: server.pid }] } })
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
  await isRefused(t, silent, 408, /the client did not send a complete request within 500 ms/)
})

t.test('what can be asked for is told to who asks for a tunnel, as to others', async (t) => {
  const { control } = await startWithControl(t)
  for (const method of ['CONNECT', 'PUT']) {
    const client = await ControlClient.open(control)
    client.write(`${method} /status HTTP/1.1\r\n\r\n`)
    const answer = await client.answer
    t.match(answer, /^HTTP\/1\.1 405 .*\r\nallow: GET, HEAD\r\n/is, method)
    t.match(parseAnswer(answer), { lines: [{ requests: REQUESTS }] }, method)
  }
})

async function isRefused(t: Test, client: ControlClient, status: number, message: RegExp, name = ''): Promise<void> {
  const error = { code: /^GRACEFUL_ERR_/, statusCode: status, message }
  t.match(parseAnswer(await client.answer), { status, lines: [{ version: 2, error }] }, name)
}

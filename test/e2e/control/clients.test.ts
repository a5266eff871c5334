import t, { type Test } from 'tap'
import { ControlClient, startWithControl, statusAt } from '../../support/control-requests.js'

/** What a client does in place of a request, and the error that it is told. */
const STRANGE: Array<{ name: string; act: (client: ControlClient) => void; told: RegExp }> = [
  { name: 'garbage', act: (client) => client.write('GET / HTTP/1.1\r\n\r\n'), told: /received "GET \/ HTTP\/1\.1\\r"/ },
  { name: 'bytes that are no text', act: (client) => client.write(Buffer.from([0, 255, 254, 10])), told: /received "/ },
  { name: 'an empty line', act: (client) => client.write('\n'), told: /received nothing/ },
  { name: 'JSON of somebody else', act: (client) => client.write('[1]\n'), told: /received "\[1\]"/ },
  {
    name: 'a version to come',
    act: (client) => client.write('{"fastifyGracefulControl":2,"command":"status"}\n'),
    told: /speaks version 1, received/
  },
  {
    name: 'an unknown command',
    act: (client) => client.write('{"fastifyGracefulControl":1,"command":"stop"}\n'),
    told: /expected status, or reload with a reason, received/
  },
  {
    name: 'a reload without a reason',
    act: (client) => client.write('{"fastifyGracefulControl":1,"command":"reload"}\n'),
    told: /expected status, or reload with a reason, received/
  },
  {
    name: 'megabytes',
    act: (client) => client.write(Buffer.alloc(4_000_000, 'x')),
    told: /more than 16384 bytes came/
  },
  {
    name: 'half a line, and the end',
    act: (client) => {
      client.write('{"fastify')
      client.end()
    },
    told: /received "\{\\"fastify"/
  },
  { name: 'silence', act: () => {}, told: /no whole line came within 5000 ms/ },
  { name: 'half a line, and silence', act: (client) => client.write('{'), told: /no whole line came within 5000 ms/ }
]

t.test('whatever a client sends, it is told what is wrong, and nothing happens to the server', async (t) => {
  const { server, control } = await startWithControl(t)
  const refuse = async ({ name, act, told }: (typeof STRANGE)[number]) => {
    const client = await ControlClient.open(control)
    act(client)
    await isRefused(t, client, told, name)
    t.match(await statusAt(control), { pid: server.pid, phase: 'serving' })
  }
  await Promise.all(STRANGE.map(refuse))
})

t.test('a client that goes without a word, and one that ends its line by ending its side', async (t) => {
  const { server, control } = await startWithControl(t)
  const silent = await ControlClient.open(control)
  silent.end()
  t.equal(await silent.answer, '')
  const short = await ControlClient.open(control)
  short.write('{"fastifyGracefulControl":1,"command":"status"}')
  short.end()
  t.match(JSON.parse(await short.answer), { status: { pid: server.pid } })
})

t.test('who sends more than one line gets one answer', async (t) => {
  const { server, control } = await startWithControl(t)
  const client = await ControlClient.open(control)
  client.write('{"fastifyGracefulControl":1,"command":"status"}\n'.repeat(5000))
  t.match(JSON.parse(await client.answer), { status: { pid: server.pid } })
})

t.test('a client that goes away before its answer changes nothing', async (t) => {
  const { server, control } = await startWithControl(t)
  const client = await ControlClient.open(control)
  client.write('{"fastifyGracefulControl":1,"command":"reload","reason":"deploy"}\n')
  await server.event('reload-started')
  client.destroy()
  await server.serving(2)
  t.equal(await server.exitOf(server.pid), 0)
  t.match(await statusAt(control), { generation: 2, phase: 'serving' })
})

t.test('a client that says nothing does not hold up the end of the process', async (t) => {
  // Less than a client has for its request.
  const { server, control } = await startWithControl(t, { options: { drainTimeout: 2000 } })
  const silent = await ControlClient.open(control)
  const stayer = await ControlClient.open(control)
  t.match(await stayer.ask({ command: 'status' }), { status: { pid: server.pid } })
  server.signal('SIGTERM')
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
  await isRefused(t, silent, /no whole line came within 500 ms/)
})

async function isRefused(t: Test, client: ControlClient, message: RegExp, name = ''): Promise<void> {
  const error = { code: 'GRACEFUL_ERR_BAD_REQUEST', statusCode: 400, message }
  t.match(JSON.parse(await client.answer), { error }, name)
}

import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EchoClient } from '../../support/echo-client.js'
import { Example } from '../../support/example.js'
import { within } from '../../support/limit.js'

// example/echo, started as it is.
t.jobs = 2

const RELOADS = 3
const CLIENTS = 10

/** The pace of the clients, between an echo and the next line. Milliseconds. */
const PACE = 5

interface Service {
  example: Example
  port: number
}

async function start(t: Test): Promise<Service> {
  const example = await Example.start(t, 'example/echo/server.mjs')
  const line = await example.event(({ msg }) => /^echo service on port/.test(msg ?? ''))
  return { example, port: Number(line.msg?.split(' ').at(-1)) }
}

async function connect(t: Test, { port }: Service): Promise<EchoClient> {
  const client = await EchoClient.open(port)
  t.teardown(() => client.close())
  return client
}

/** The process that has accepted a connection. */
async function serverOf({ example }: Service, { port }: EchoClient): Promise<number> {
  return (await example.event((line) => line.msg === 'client connected' && line.client === port)).pid
}

/** What the clients of a load saw. */
interface Seen {
  /** Connections on which a line came back. */
  served: number
  failures: unknown[]
}

/** Sends lines, on a new connection whenever the last one is over, until it is told to stop. */
async function talk({ port }: Service, linesOfEach: number, seen: Seen, isOver: () => boolean): Promise<void> {
  try {
    while (!isOver()) {
      const client = await EchoClient.open(port)
      if (await client.echoes('first')) seen.served += 1
      for (let line = 2; line <= linesOfEach && !isOver(); line++) {
        await setTimeout(PACE)
        if (!(await client.echoes(`line ${line}`))) break
      }
      client.close()
      await setTimeout(PACE)
    }
  } catch (error) {
    seen.failures.push(error)
  }
}

t.test('under load no client is refused or cut off, over several reloads', async (t) => {
  const service = await start(t)
  const { example } = service
  const lasting: Seen = { served: 0, failures: [] }
  const fresh: Seen = { served: 0, failures: [] }
  let isOver = false
  const clients = Array.from({ length: CLIENTS }, () => [
    talk(service, Number.POSITIVE_INFINITY, lasting, () => isOver),
    talk(service, 1, fresh, () => isOver)
  ])
  // Each connection that is made is a line of the log, at which this looks again.
  const areServed = (generations: number) =>
    example.event({
      what: `connection of each client to generation ${generations}`,
      test: () => lasting.failures.length > 0 || lasting.served >= CLIENTS * generations
    })
  await areServed(1)
  for (let reloads = 1; reloads <= RELOADS; reloads++) {
    await example.reload()
    await areServed(reloads + 1)
  }
  isOver = true
  await within(Promise.all(clients.flat()), 'end of the load', () => example.output.toString())

  t.strictSame([...lasting.failures, ...fresh.failures], [])
  t.equal(lasting.served, CLIENTS * (RELOADS + 1), 'a connection that lasts is ended once in each generation')
  t.ok(fresh.served > CLIENTS * RELOADS, `${fresh.served} short connections`)
  t.equal(await example.stop(), 0)
  t.strictSame(example.output.all('forced'), [])
})

t.test(
  'the old generation finishes the line that it has begun to read, and new connections reach the new one',
  async (t) => {
    const service = await start(t)
    const { example } = service
    const old = example.pid
    const [silent, amid] = [await connect(t, service), await connect(t, service)]
    t.ok(await silent.echoes('hello'))
    amid.send('whole\nha')
    t.ok(await amid.gets('whole\n'))

    process.kill(old, 'SIGHUP')
    const { child } = await example.event('handed-over')
    const next = await connect(t, service)
    t.ok(await next.echoes('to the new generation'))
    t.equal(await serverOf(service, next), child)

    await example.event('draining')
    amid.send('lf\nnot begun in time\nnor this')
    await amid.ended
    t.equal(await silent.ended, 'by the server')
    t.match(amid.received, /^whole\nhalf\n(not begun in time\n)?$/)
    t.equal(await serverOf(service, amid), old)
    t.match(await example.event((line) => line.graceful === 'closed' && line.pid === old), { exitCode: 0 })
    t.ok(await next.echoes('and goes on'))
    const { received } = next
    next.send('one\nlast')
    next.finish()
    t.equal(await next.ended, 'by the server')
    t.equal(next.received, `${received}one\nlast`, 'the last line comes back, though it has no end')
    t.equal(await example.stop(), 0)
  }
)

t.test('a stop finishes what has been read', async (t) => {
  const service = await start(t)
  const { example } = service
  const [silent, amid, busy] = [await connect(t, service), await connect(t, service), await connect(t, service)]
  t.ok(await silent.echoes('hello'))
  amid.send('whole\nha')
  t.ok(await amid.gets('whole\n'))
  t.ok(await busy.echoes('first'))
  // More than the system keeps for the server: the client still sends when the server leaves.
  const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}\n`).join('')
  busy.send(lines)

  process.kill(example.pid, 'SIGTERM')
  await example.event('draining')
  amid.send('lf\n')
  t.ok(await amid.gets('whole\nhalf\n'))
  t.equal(await amid.ended, 'by the server')
  t.equal(await silent.ended, 'by the server')
  t.equal(await busy.ended, 'by the server', 'and no reset, whatever it has not read')
  t.ok(
    `first\n${lines}`.startsWith(busy.received) && /^$|\n$/.test(busy.received),
    `${busy.received.length} bytes, whole lines`
  )
  await t.rejects(EchoClient.open(service.port), { code: 'ECONNREFUSED' })
  t.match(await example.event('closed'), { exitCode: 0 })
  await example.gone
})

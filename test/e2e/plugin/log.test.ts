import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { startScript } from '../../support/script.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

/** Lines that are none of the fixture's own. */
const others = (server: TestServer) => server.output.texts(/^(?!out: \{"fixture")/)

/** Asks the service until the second generation answers. Without a logger, no line says that it serves. */
async function takenOver(server: TestServer): Promise<number> {
  for (;;) {
    const client = await HttpConnection.open(server.target())
    const { pid, generation } = JSON.parse((await client.request({ path: '/' })).body)
    client.close()
    if (generation === 2) return pid
  }
}

/** Loggers of an app that take no error. */
const SILENT = { 'no logger': 'Fastify()', 'a logger that is silent': "Fastify({ logger: { level: 'silent' } })" }

for (const [what, app] of Object.entries(SILENT)) {
  t.test(`${what}: an uncaught error is on stderr, once`, async (t) => {
    const server = await startScript(t, { app })
    await server.tell({ command: 'throw', message: 'boom\u001b[31m' }, server.pid)
    t.strictSame(await server.waitFor(server.exit, 'end'), { code: 1, signal: null })
    await server.waitFor(server.gone, 'end of its output')
    const said = others(server).filter((line) => line.includes('boom'))
    t.match(said, [
      /^err: fastify-graceful-reload\[\d+\]: an error that nobody caught ends this process: boom\\x1b\[31m$/,
      /^err: Error: boom\\x1b\[31m$/
    ])
    t.equal(said.length, 2)
    t.ok(server.output.texts(/^err: +at /).length > 0, 'with its stack')
  })

  t.test(`${what}: a reload that fails says why on stderr, once`, async (t) => {
    const server = await startScript(t, { app })
    await server.release.write('server.cjs', "throw new Error('this release is broken')")
    server.signal('SIGHUP')
    await server.said(/reload failed, nothing has changed: .*this release is broken/)
    const lines = others(server).filter((line) => line.includes('nothing has changed'))
    t.equal(lines.length, 1)
  })

  t.test(`${what}: a rollback says why on stderr`, async (t) => {
    const server = await startScript(t, { app }, { config: { options: { probation: 60_000 } } })
    server.signal('SIGHUP')
    const child = await takenOver(server)
    await server.tell({ command: 'rollback', reason: 'not good enough' }, child)
    await server.said(/rolled back: it gave up \(not good enough\)/)
    t.pass('it does')
  })
}

t.test('a logger other than pino gets the text, and the data', async (t) => {
  const app = `Fastify({ loggerInstance: require('winston').createLogger({
    levels: { fatal: 0, error: 1, warn: 2, info: 3, debug: 4, trace: 5 },
    transports: [new (require('winston')).transports.Console({ format: require('winston').format.json() })]
  }) })`
  const server = await startScript(t, { app, packages: ['winston'] })
  server.signal('SIGHUP')
  await server.said(/"message":"reload succeeded: generation 2 is process \d+, /)
  const [line] = others(server).filter((text) => text.includes('reload succeeded'))
  t.match(JSON.parse(String(line).replace(/^out: /, '')), {
    graceful: 'reload-succeeded',
    generation: 1,
    level: 'info',
    result: { generation: 2 }
  })
})

/** The text of an object without those inside it. */
function flat(text: string): string {
  const next = text.replace(/:\{[^{}]*\}/g, ':0')
  return next === text ? text : flat(next)
}

t.test('no line of the log has a key twice, and each has the generation', async (t) => {
  const server = await startScript(t, { app: "Fastify({ logger: true }); app.log.setBindings({ reason: 'bound' })" })
  await server.serving(1)
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'closed')
  server.signal('SIGTERM', child)
  await server.eventOf(child, 'closed')
  const lines = server.output.texts(/"graceful":/)
  for (const line of lines) {
    const text = line.slice(line.indexOf('{'))
    const object = JSON.parse(text) as Line
    // Without nested objects, each key that was written is still there.
    const written = [...flat(text).matchAll(/[{,]"(\w+)":/g)].map(([, key]) => key)
    t.strictSame(written, [...new Set(written)], `${object.graceful}: ${written}`)
    t.equal(object.generation, object.pid === child ? 2 : 1)
  }
  t.match(
    server.events((line) => line.graceful === 'draining'),
    [{ reason: 'bound', graceful_reason: 'reloaded' }, {}]
  )
})

t.test('nothing that a caller says can begin a line or move the cursor', async (t) => {
  const prettily = "Fastify({ logger: { transport: { target: 'pino-pretty', options: { colorize: false } } } })"
  const server = await startScript(t, { app: prettily, packages: ['pino-pretty'] })
  const reason = 'deploy\nERROR: all is lost \u001b[2J\r'
  await server.tell({ command: 'reload', reason }, server.pid)
  await server.event('reloaded')
  await server.said(/closed/)
  t.notOk(others(server).some((line) => line.includes('\u001b[2J')))
  t.strictSame(server.output.texts(/^(out|err): ERROR: all is lost/), [])
  t.ok(server.output.texts(/reload \(deploy\\nERROR: all is lost \\x1b\[2J\\r\)/).length > 0)
})

t.test('an uncaught error: fatal, and then closed with the exit code', async (t) => {
  const server = await startServer(t)
  await server.tell({ command: 'throw', message: 'boom' }, server.pid)
  t.strictSame(await server.waitFor(server.exit, 'end'), { code: 1, signal: null })
  t.match(await server.eventOf(server.pid, 'uncaught-error'), { level: 60, err: { message: 'boom' } })
  t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 1 })
})

for (const thrown of ["'boom'", 'undefined', 'null']) {
  t.test(`an unhandled rejection with ${thrown} is an uncaught error too`, async (t) => {
    const before = `process.once('SIGUSR1', () => Promise.reject(${thrown}))`
    const server = await startScript(t, { app: 'Fastify({ logger: true })', before })
    await server.serving(1)
    server.signal('SIGUSR1')
    t.strictSame(await server.waitFor(server.exit, 'end'), { code: 1, signal: null })
    t.match(await server.eventOf(server.pid, 'uncaught-error'), { err: { message: thrown.replaceAll("'", '') } })
    t.match(await server.eventOf(server.pid, 'closed'), { exitCode: 1 })
  })
}

t.test('forced comes before closed, and says for how long a request was in progress', async (t) => {
  const server = await startServer(t)
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  await server.held('slow')
  const begun = performance.now()
  await server.tell({ command: 'echo', id: 1 }, server.pid)
  await server.event((line) => line.fixture === 'echo' && line.id === 1)
  server.signal('SIGTERM')
  await server.eventOf(server.pid, 'draining')
  const age = performance.now() - begun
  server.signal('SIGTERM')
  await t.rejects(slow.response)
  const forced = await server.eventOf(server.pid, 'forced')
  t.match(forced, { requests: [{ method: 'GET', url: '/hold/slow' }] })
  const [request] = forced.requests as Array<{ age: number }>
  t.ok(Number(request?.age) >= Math.floor(age), `${request?.age} of at least ${age} ms`)
  await server.eventOf(server.pid, 'closed')
  const order = server.events((line) => line.graceful === 'forced' || line.graceful === 'closed')
  t.strictSame(
    order.map(({ graceful }) => graceful),
    ['forced', 'closed']
  )
})

t.test('connections are those of clients', async (t) => {
  const server = await startServer(t, { config: { options: { control: 'control.sock' } } })
  const client = await HttpConnection.open(server.target())
  await client.send({ path: '/' }).response
  const watcher = await HttpConnection.open({ path: server.release.path('control.sock') })
  server.signal('SIGTERM')
  t.match(await server.eventOf(server.pid, 'draining'), { connections: 1 })
  for (const one of [client, watcher]) one.close()
})

import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startProgram } from '../../support/program.js'
import type { TestServer } from '../../support/server.js'

t.jobs = 2

// How a process ends is what a supervisor acts on, and what it cut off is what its users ask about.

const STUCK = "app.get('/stuck', () => new Promise(() => say('in progress', {})))"
const LISTEN = `
  await app.listen({ port: 0, host: '127.0.0.1' })
  here('app', app.server)`

/** A program with a request that never ends. */
function start(t: Test, body: string, settings: Parameters<typeof startProgram>[2] = {}): Promise<TestServer> {
  return startProgram(t, `${STUCK}\n${body}\n${LISTEN}`, settings)
}

async function beginStuck(server: TestServer) {
  const exchange = (await HttpConnection.open(server.target())).send({ path: '/stuck' })
  await server.event('in progress')
  return exchange
}

const codeOf = async (server: TestServer) => (await server.waitFor(server.exit, 'end of the process')).code

for (const { how, body, options = '' } of [
  { how: 'in a drain hook', body: "app.after(() => app.graceful.addHook('drain', () => process.exit(0)))" },
  { how: 'in a preClose hook', body: "app.addHook('preClose', () => process.exit(0))" },
  {
    how: 'by the event loop itself',
    body: "app.after(() => app.graceful.addHook('drain', () => void setTimeout(process.exit, 1, 0)))"
  },
  {
    how: 'while it is a lame duck',
    body: "process.on('SIGTERM', () => setTimeout(() => process.exit(0), 1))",
    options: 'lameDuck: 600_000'
  }
])
  t.test(`process.exit() ${how} names what it cuts off, and the code is not 0`, async (t) => {
    const server = await start(t, body, { options })
    const stuck = await beginStuck(server)
    server.signal('SIGTERM')
    await t.rejects(stuck.response)
    t.equal(await codeOf(server), 1)
    t.match(await server.event('forced'), { reason: /^process\.exit\(\)/, requests: [{ url: '/stuck' }] })
    t.match(await server.event('closed'), { exitCode: 1 })
  })

for (const { what, body, code } of [
  { what: 'that an app has set', body: "app.addHook('onClose', async () => { process.exitCode = 3 })", code: 3 },
  { what: 'of an app that ends the process', body: "app.addHook('onClose', async () => process.exit(4))", code: 4 }
])
  t.test(`a stop keeps the exit code ${what}`, async (t) => {
    const server = await start(t, body)
    server.signal('SIGTERM')
    t.equal(await codeOf(server), code)
    t.match(await server.event('closed'), { exitCode: code })
  })

t.test('an error that nobody caught is not 0, even if a hook ends the process', async (t) => {
  const body = `
    app.get('/throw', async () => { setImmediate(() => { throw new Error('boom') }) })
    app.addHook('onClose', async () => process.exit())`
  const server = await start(t, body)
  await (await HttpConnection.open(server.target())).request({ path: '/throw' })
  t.equal(await codeOf(server), 1)
})

for (const { when, body } of [
  { when: 'after the hooks', body: "app.addHook('onClose', async () => void setTimeout(fail, 50))" },
  { when: 'in a listener of beforeExit', body: "process.on('beforeExit', fail)" }
])
  for (const how of ['SIGTERM', 'stop()'])
    t.test(`an error ${when} of a stop by ${how} is logged, and the code is not 0`, async (t) => {
      const server = await start(
        t,
        `const fail = () => { throw new Error('boom') }\n${body}
        app.get('/stop', async () => { setImmediate(() => app.graceful.stop('asked')) })`
      )
      if (how === 'SIGTERM') server.signal('SIGTERM')
      else await (await HttpConnection.open(server.target())).request({ path: '/stop' })
      t.equal(await codeOf(server), 1)
      t.match(await server.event('uncaught-error'), { level: 60, err: { message: 'boom' } })
    })

for (const thrown of ['Object.create(null)', 'undefined', "Object.assign(new Error(), { message: Symbol('boom') })"])
  t.test(`an app may throw ${thrown}: the stop is as after any error`, async (t) => {
    const server = await start(
      t,
      `app.addHook('onClose', async () => { throw ${thrown} })
      app.get('/throw', async () => { setImmediate(() => { throw ${thrown} }) })`
    )
    await (await HttpConnection.open(server.target())).request({ path: '/throw' })
    t.equal(await codeOf(server), 1)
    t.ok(await server.event('uncaught-error'))
    t.ok(await server.event('draining'))
    t.match(await server.event('closed'), { exitCode: 1 })
  })

t.test('an error of which the logger takes no note is on stderr, as without the plugin', async (t) => {
  const server = await start(
    t,
    `app.log.fatal = () => { throw new Error('no log') }
    app.get('/throw', async () => { setImmediate(() => { throw new Error('boom') }) })`
  )
  await (await HttpConnection.open(server.target())).request({ path: '/throw' })
  t.equal(await codeOf(server), 1)
  t.match(await server.said(/an error that nobody caught ends this process: boom/), /^err: fastify-graceful-reload\[/)
  await server.said(/Error: boom/)
})

t.test('an error of what the log is written to is on stderr too', async (t) => {
  const server = await start(
    t,
    `app.get('/throw', async () => {
      const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' })
      setImmediate(() => { throw error })
    })`
  )
  await (await HttpConnection.open(server.target())).request({ path: '/throw' })
  t.equal(await codeOf(server), 1)
  await server.said(/^err: .*an error that nobody caught ends this process: no space left on device/)
})

t.test('an app whose close cannot end does not keep a process that has nothing else to do', async (t) => {
  const server = await start(
    t,
    `app.after(() => app.addHook('onClose', () => new Promise(() => {})))
    app.get('/close', async () => { setImmediate(() => app.close()) })`
  )
  const connection = await HttpConnection.open(server.target())
  await connection.request({ path: '/close' })
  connection.close()
  t.equal(await codeOf(server), 0, 'as without the plugin')
  t.match(await server.event('forced'), { reason: 'the event loop is empty', holds: ['onClose hooks'] })
})

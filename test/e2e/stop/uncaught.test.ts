import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startProgram } from '../../support/program.js'

/** Only Node decides whether an uncaught error ends the process. */
const BODY = `
  app.get('/throw', async () => {
    setImmediate(() => { throw new Error('boom') })
    return 'thrown'
  })
  app.get('/reject', async () => {
    setImmediate(() => Promise.reject(new Error('boom')))
    return 'rejected'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  here('app', app.server)`

const heard = (event: string) => `process.on('${event}', (error) => say('heard', { message: error.message }))`

for (const { what, before, path, execArgv } of [
  { what: "the app's own listener of uncaughtException", before: heard('uncaughtException'), path: '/throw' },
  { what: "the app's own listener of unhandledRejection", before: heard('unhandledRejection'), path: '/reject' },
  {
    what: '--unhandled-rejections=warn',
    before: "process.on('warning', (warning) => say('heard', { message: warning.message }))",
    path: '/reject',
    execArgv: ['--unhandled-rejections=warn']
  }
])
  t.test(`with ${what}, Node goes on, and so do all generations`, async (t) => {
    const server = await startProgram(t, BODY, { before, ...(execArgv && { execArgv }) })
    for (const generation of [1, 2]) {
      const connection = await HttpConnection.open(server.target())
      t.equal((await connection.request({ path })).status, 200)
      t.match(await server.eventOf(server.current, 'heard'), { message: /boom/ })
      t.match(JSON.parse((await connection.request({ path: '/' })).body), { generation })
      connection.close()
      if (generation === 1) await server.reload()
    }
    t.strictSame(server.events('uncaught-error'), [])
    t.equal(await server.stop(), 0)
  })

t.test(
  'a listener that is taken away again leaves the error to the plugin, which lets the work be finished',
  async (t) => {
    const body = `
    app.get('/slow', async () => {
      const listener = () => {}
      process.on('uncaughtException', listener)
      process.removeListener('uncaughtException', listener)
      say('in progress', {})
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      setImmediate(() => { throw new Error('boom') })
      await new Promise((resolve) => app.graceful.signal.addEventListener('abort', resolve))
      return 'finished'
    })
    ${BODY}`
    const server = await startProgram(t, body)
    const connection = await HttpConnection.open(server.target())
    t.match(await connection.request({ path: '/slow' }), { status: 200, body: 'finished' })
    t.equal(await server.exitOf(server.pid), 1)
    t.match(await server.eventOf(server.pid, 'uncaught-error'), { err: { message: 'boom' } })
  }
)

t.test('an error while the process stops forces, as a second signal does', async (t) => {
  const body = `
    app.get('/stuck', () => new Promise(() => say('in progress', {})))
    app.addHook('onReady', async () => {
      app.graceful.signal.addEventListener('abort', () => setImmediate(() => { throw new Error('boom') }))
    })
    ${BODY}`
  const server = await startProgram(t, body)
  const connection = await HttpConnection.open(server.target())
  const stuck = connection.send({ path: '/stuck' })
  await server.event('in progress')
  server.signal('SIGTERM')
  await t.rejects(stuck.response)
  t.equal(await server.exitOf(server.pid), 1)
  t.match(await server.eventOf(server.pid, 'forced'), { reason: 'error while stopping: boom' })
})

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

// Nothing can be finished in such a process. The stuck request would hold up a drain until its limit.
for (const { how, path, code } of [
  { how: 'process.exit(3)', path: '/exit?3', code: 3 },
  { how: 'process.exit(0)', path: '/exit?0', code: 0 },
  { how: 'process.exit()', path: '/exit?', code: 1 },
  { how: 'process.exit() in a promise', path: '/reject', code: 1 },
  { how: 'the end of a stop', path: undefined, code: 1 }
])
  for (const add of ['on', 'prependListener'])
    t.test(`an error in a listener of exit (${add}) ends the process at ${how}, as without the plugin`, async (t) => {
      const body = `
      app.get('/stuck', () => new Promise(() => say('in progress', {})))
      app.get('/exit', async (request) => {
        const [code] = Object.keys(request.query)
        setImmediate(() => code ? process.exit(Number(code)) : process.exit())
        return 'exits'
      })
      app.get('/reject', async () => {
        setImmediate(async () => process.exit())
        return 'exits'
      })
      process.${add}('exit', () => { throw new Error('boom') })
      await app.listen({ port: 0, host: '127.0.0.1' })
      here('app', app.server)`
      const server = await startProgram(t, body)
      if (path === undefined) server.signal('SIGTERM')
      else {
        const stuck = (await HttpConnection.open(server.target())).send({ path: '/stuck' })
        await server.event('in progress')
        await (await HttpConnection.open(server.target())).request({ path })
        await t.rejects(stuck.response)
      }
      t.match(await server.waitFor(server.exit, 'end of the process'), { code })
      t.match(await server.eventOf(server.pid, 'uncaught-error'), { level: 60, err: { message: 'boom' } })
      t.strictSame(server.events('draining').length, path === undefined ? 1 : 0)
    })

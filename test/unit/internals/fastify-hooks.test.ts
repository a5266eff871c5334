import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import t from 'tap'
import { beforeClose, takePreCloseHooks } from '../../../lib/internals/fastify-hooks.js'

t.test(
  'what comes before the close of an app comes before all else, without the plugin timeout, and is answered by the app',
  async (t) => {
    const ran: string[] = []
    const app = Fastify({ pluginTimeout: 50 })
    app.get('/', async () => 'here')
    app.addHook('preClose', async () => void ran.push('preClose'))
    app.addHook('onClose', async () => void ran.push('onClose'))
    await app.ready()
    const isSeen = beforeClose(app, async () => {
      await new Promise((resolve) => setTimeout(resolve, 100)) // Twice the plugin timeout, which begins and ends before.
      ran.push((await app.inject('/')).body)
    })
    t.ok(isSeen)
    await app.close()
    t.strictSame(ran, ['here', 'preClose', 'onClose'])
    t.notOk(beforeClose({}, async () => {}))
  }
)

t.test('the hooks of all instances are found, in the order of Fastify, and run once', async (t) => {
  const ran: string[] = []
  const app = Fastify()
  app.addHook('preClose', async () => void ran.push('first'))
  let inner: object = app
  app.register(async (scope) => {
    inner = scope
    scope.addHook('preClose', (done) => {
      ran.push('inner')
      setImmediate(done)
    })
  })
  app.addHook('preClose', async () => void ran.push('second'))
  await app.ready()
  for (const hook of takePreCloseHooks(inner)) await hook()
  t.strictSame(ran, ['first', 'second', 'inner'])
  t.strictSame(takePreCloseHooks(app), [])
  await app.close()
  t.strictSame(ran, ['first', 'second', 'inner'])
})

t.test('what a hook throws, or calls back with, rejects', async (t) => {
  const app = Fastify()
  app.addHook('preClose', async () => {
    throw new Error('thrown')
  })
  app.addHook('preClose', (done) => (done as (error: Error) => void)(new Error('called back')))
  await app.ready()
  const hooks = takePreCloseHooks(app)
  t.equal(hooks.length, 2)
  for (const [index, message] of ['thrown', 'called back'].entries())
    await t.rejects(async () => hooks[index]?.(), { message })
  await app.close()
})

t.test('the hook of @fastify/websocket stays in its place; a hook of the app in that place does not', async (t) => {
  const app = Fastify()
  app.register(fastifyWebsocket)
  await app.ready()
  t.strictSame(takePreCloseHooks(app), [])
  await app.close()

  const other = Fastify()
  let ran = 0
  other.register(fastifyWebsocket, {
    preClose: (done) => {
      ran += 1
      done()
    }
  })
  await other.ready()
  for (const hook of takePreCloseHooks(other)) await hook()
  await other.close()
  t.equal(ran, 1)
})

t.test('what is no Fastify has none', async (t) => {
  t.strictSame(takePreCloseHooks({}), [])
})

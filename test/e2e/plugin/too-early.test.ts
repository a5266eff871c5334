import Fastify from 'fastify'
import t from 'tap'
import graceful from '../../../lib/index.js'

t.test('before Fastify has loaded the plugin, its decorators can be asked for in a way that says so', async (t) => {
  const app = Fastify()
  app.register(graceful)
  t.notOk(app.hasDecorator('graceful'))
  t.throws(() => app.getDecorator('graceful'), { code: 'FST_ERR_DEC_UNDECLARED', message: /'graceful'/ })
  t.throws(() => app.getDecorator('gracefulReload'), { code: 'FST_ERR_DEC_UNDECLARED' })
  await app.close()
})

t.test('they are there after an awaited register, in after(), in later plugins, and in hooks', async (t) => {
  const awaited = Fastify()
  await awaited.register(graceful)
  t.equal(awaited.graceful.phase, 'starting')
  await awaited.close()

  const app = Fastify()
  const seen: string[] = []
  const note = (where: string) => () => {
    seen.push(`${where}: ${typeof app.graceful.hold}`)
  }
  app.register(graceful)
  app.after(note('after'))
  app.register(async () => note('plugin')())
  app.addHook('onReady', async () => note('onReady')())
  app.ready(note('ready'))
  await app.ready()
  t.strictSame(seen.sort(), ['after: function', 'onReady: function', 'plugin: function', 'ready: function'])
  await app.close()
})

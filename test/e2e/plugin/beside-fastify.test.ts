import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import t from 'tap'
import graceful from '../../../lib/index.js'

// An app that only answers to inject behaves the same with and without the plugin.

/** Writes down what there is to see; a promise by its outcome. */
type Note = (what: string, outcome?: unknown) => Promise<void>

type Story = (app: FastifyInstance, note: Note) => Promise<unknown>

const get = (app: FastifyInstance) => app.inject('/').then(({ statusCode, body }) => `${statusCode} ${body}`)

const addHook = async (app: FastifyInstance) => void app.addHook('onRequest', async () => {})

/** Fastify does listen after a close, and closes no second time. */
const listen = async (app: FastifyInstance) => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => app.server.close(resolve))
}

/** Adds hooks of the end, in the app and in two plugins, which note their turn. */
function watchEnd(app: FastifyInstance, note: Note): void {
  const add = (scope: FastifyInstance, name: string) => {
    scope.addHook('preClose', async () => note(`preClose ${name}`))
    scope.addHook('onClose', async () => note(`onClose ${name}`))
  }
  add(app, 'early')
  app.register(async (scope) => add(scope, 'inner'))
  app.register((scope, _options, done) => {
    add(scope, 'with a callback')
    done()
  })
  app.addHook('onReady', async () => {
    await note('onReady')
    const { onClose } = app as unknown as { onClose(close: () => Promise<void>): void }
    onClose.call(app, async () => note('function of onReady'))
  })
  add(app, 'late')
}

const STORIES: Record<string, Story> = {
  'inject before ready, and several at once': async (app, note) => {
    watchEnd(app, note)
    await Promise.all([
      note('one', get(app)),
      note('two', get(app)),
      note('ready', app.ready()),
      note('three', get(app))
    ])
    await note('close', app.close())
  },
  'everything after close': async (app, note) => {
    await note('close', app.close())
    await note('inject', get(app))
    await note('ready', app.ready())
    await note('listen', listen(app))
    await note('close again', app.close())
    await note('hook', addHook(app))
  },
  'everything after ready and close': async (app, note) => {
    await app.ready()
    await note('close', app.close())
    await note('inject', get(app))
    await note('ready', app.ready())
    await note('listen', listen(app))
  },
  'close more than once, at once and with a callback': async (app, note) => {
    watchEnd(app, note)
    await app.ready()
    const called = new Promise<void>((resolve) => app.close(() => resolve(note('called back'))))
    await Promise.all([note('first', app.close()), note('second', app.close()), called])
    await note('third', app.close())
  },
  'close before ready': async (app, note) => {
    watchEnd(app, note)
    await Promise.all([note('close', app.close()), note('inject', get(app))])
  },
  'close in a plugin that loads': async (app, note) => {
    watchEnd(app, note)
    app.register(async () => void note('closed', app.close()))
    await note('inject', get(app))
    await note('close', app.close())
  },
  'close by a request': async (app, note) => {
    watchEnd(app, note)
    app.get('/close', async () => {
      void note('closed', app.close())
      await nextTurn()
      return 'closing'
    })
    await note(
      'request',
      app.inject('/close').then(({ body }) => body)
    )
    await note('inject', get(app))
    await note('close', app.close())
  },
  'close while a request is served': async (app, note) => {
    watchEnd(app, note)
    let answer = () => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    app.get('/slow', async () => answered.then(() => 'slow'))
    const slow = app.inject('/slow').then(({ statusCode, body }) => `${statusCode} ${body}`)
    await note('inject', get(app))
    await note('close', app.close())
    answer()
    await note('slow', slow)
  },
  'inject in the hooks of the end': async (app, note) => {
    app.addHook('preClose', async () => note('in preClose', get(app)))
    app.addHook('onClose', async () => note('in onClose', get(app)))
    await app.ready()
    await note('close', app.close())
  },
  'hooks of the end that fail': async (app, note) => {
    watchEnd(app, note)
    app.addHook('preClose', async () => Promise.reject(new Error('of preClose')))
    app.addHook('onClose', async () => Promise.reject(new Error('of onClose')))
    await app.ready()
    await note('close', app.close())
    await note('inject', get(app))
  },
  'a plugin that fails': async (app, note) => {
    watchEnd(app, note)
    app.register(async () => Promise.reject(new Error('of a plugin')))
    await note('inject', get(app))
    await note('ready', app.ready())
    await note('inject again', get(app))
    await note('close', app.close())
  },
  'an onReady hook that fails': async (app, note) => {
    watchEnd(app, note)
    app.addHook('onReady', async () => Promise.reject(new Error('of onReady')))
    await note('inject', get(app))
    await note('ready', app.ready())
    await note('close', app.close())
  },
  'a plugin that takes too long': async (app, note) => {
    app.register((_scope, _options, _done) => {})
    await note('ready', app.ready())
    await note('inject', get(app))
  },
  'the end of a block': async (app, note) => {
    watchEnd(app, note)
    await note('inject', get(app))
    await note('dispose', app[Symbol.asyncDispose]())
    await note('inject', get(app))
  },
  'a listen that fails': async (app, note) => {
    watchEnd(app, note)
    await note('listen', app.listen({ host: '192.0.2.1', port: 1 }))
    await note('inject', get(app))
    await note('listen again', app.listen({ host: '192.0.2.1', port: 1 }))
    await note('close', app.close())
    await note('inject', get(app))
  },
  'a listen that is aborted': async (app, note) => {
    watchEnd(app, note)
    const controller = new AbortController()
    controller.abort()
    await note('listen', app.listen({ port: 0, signal: controller.signal }))
    await note('inject', get(app))
    await note('close', app.close())
  },
  'routes, schemas and plugins as they are printed': async (app, note) => {
    const routes: string[] = []
    app.addHook('onRoute', ({ method, url }) => void routes.push(`${method} ${url}`))
    app.get('/late', async () => 'late')
    await app.ready()
    await note(`routes ${routes}`)
    await note(app.printRoutes())
    await note('hook', addHook(app))
    await note('close', app.close())
  }
}

/** What listens to events of the process. */
const listeners = () =>
  process.eventNames().map((event) => `${process.listenerCount(event)} listeners of ${String(event)}`)

/** Any plugin with hooks makes Fastify take a turn more here and there: what is to be seen is what this one does. */
const inert = fp(async (app) => {
  app.addHook('onListen', async () => {})
  app.addHook('onClose', async () => {})
})

// What Fastify loads at the first request listens to the end of the process.
t.before(() => Fastify().inject('/'))

for (const [name, story] of Object.entries(STORIES))
  t.test(name, async (t) => {
    const plain = await tell(story, inert)
    t.ok(plain.length > 0)
    t.strictSame(await tell(story, graceful), plain)
  })

async function tell(story: Story, plugin: FastifyPluginAsync): Promise<string[]> {
  const app = Fastify({ pluginTimeout: 500 })
  app.register(plugin)
  app.get('/', async () => 'here')
  const seen: string[] = []
  const before = listeners()
  await story(app, async (what, outcome) => {
    seen.push(what)
    if (outcome === undefined) return
    const end = await Promise.resolve(outcome).then(describe, (error) => describe(error, 'rejected'))
    seen.push(`${what}: ${end}`)
  })
  return [...seen, ...listeners().filter((listener) => !before.includes(listener))]
}

function describe(value: unknown, how = 'resolved'): string {
  if (value instanceof Error) return `${how}, ${(value as NodeJS.ErrnoException).code} ${value.message}`
  return typeof value === 'object' ? `${how}, ${value?.constructor.name}` : `${how}, ${String(value)}`
}

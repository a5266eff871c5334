import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const LAME_DUCK = Number(process.env.LAME_DUCK ?? 5_000)

const app = Fastify({ logger: true })

app.register(graceful, { drainTimeout: 10_000, lameDuck: LAME_DUCK, statusRoute: '/health' })

app.get('/', async () => ({ hello: 'world', pid: process.pid }))

app.addHook('onClose', closeDatabase)

async function closeDatabase() {
  app.log.info('the database is closed')
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

app.register(graceful, { drainTimeout: 10_000 })

app.get('/', async () => ({ hello: 'world', pid: process.pid }))

app.addHook('onClose', closeDatabase)

async function closeDatabase() {
  app.log.info('the database is closed')
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

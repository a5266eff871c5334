import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

app.register(graceful, { drainTimeout: 20_000 })

app.get('/', async () => ({ hello: 'world', pid: process.pid }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })

const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')

const app = Fastify({ logger: true })

app.register(graceful, { drainTimeout: 20_000 })

app.get('/', async () => ({ hello: 'world', pid: process.pid, generation: app.graceful.generation }))

app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '0.0.0.0' }, (error) => {
  if (error) throw error
})

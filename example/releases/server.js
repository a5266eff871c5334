const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')

const app = Fastify({ logger: true })

// `current` is a link to the folder of the release. Each reload starts its child where the link points then.
app.register(graceful, { directory: '/srv/app/current' })

app.get('/', async () => ({ hello: 'world', pid: process.pid, generation: app.graceful.generation }))

app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }, (error) => {
  if (error) throw error
})

const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')

const app = Fastify({ logger: true })

// `current` is a link to the folder of the release. The child of each reload is started where it leads by then.
app.register(graceful, { directory: '/srv/app/current' })

app.get('/', async () => ({ hello: 'world', pid: process.pid, generation: app.graceful.generation }))

app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }, (error) => {
  if (error) throw error
})

import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { PORT = '3000', METRICS_PORT = '9100' } = process.env

// Two apps in one process: one signal starts one child, which gets the listeners of both.
const app = Fastify({ logger: true })
const metrics = Fastify({ logger: true })
let requests = 0

app.register(graceful)
app.get('/', async () => ({ requests: ++requests }))

metrics.register(graceful)
metrics.get('/metrics', async () => `requests_total ${requests}\n`)

await Promise.all([
  app.listen({ port: Number(PORT) }),
  metrics.listen({ port: Number(METRICS_PORT), host: '127.0.0.1' })
])

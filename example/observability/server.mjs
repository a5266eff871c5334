import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'
import client from 'prom-client'
import { collectGraceful } from './collect.mjs'

const { PORT = '3000', METRICS_PORT = '9464' } = process.env

// The app has its own metrics. The metrics of the plugin are added to them.
const registry = new client.Registry()
client.collectDefaultMetrics({ register: registry })
const greetings = new client.Counter({ name: 'app_greetings_total', help: 'Greetings.', registers: [registry] })

const app = Fastify({ logger: true })
app.register(graceful)
app.get('/', async () => {
  greetings.inc()
  return { hello: 'world', generation: app.graceful.generation }
})

// The metrics have their own port, which cannot be reached from outside. A reload hands both ports over.
const metrics = Fastify({ logger: true })
await metrics.register(graceful)
collectGraceful(metrics, client, registry)
metrics.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))

await Promise.all([
  app.listen({ port: Number(PORT) }),
  metrics.listen({ port: Number(METRICS_PORT), host: '127.0.0.1' })
])

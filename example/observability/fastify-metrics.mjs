import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'
import fastifyMetrics from 'fastify-metrics'
import { collectGraceful } from './collect.mjs'

const app = Fastify({ logger: true })
await app.register(graceful)

// fastify-metrics serves its own metrics at /metrics. The metrics of this plugin are added to them.
await app.register(fastifyMetrics, { endpoint: '/metrics' })
collectGraceful(app, app.metrics.client, app.metrics.client.register)

app.get('/', async () => ({ hello: 'world', generation: app.graceful.generation }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })

import { subscribe } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

// For a message to the person who has deployed. The counts, over all generations, are in app.graceful.stats().
for (const event of ['reload-failed', 'rolled-back'])
  subscribe(`fastify-graceful-reload:${event}`, (message) => {
    const { err, reason } = /** @type {graceful.GracefulEvents['reload-failed']} */ (message)
    app.log.warn(`somebody should look at this release: ${reason} ended in ${err.code}`)
  })

app.register(graceful)

app.get('/reloads', async () => app.graceful.stats().reloads)

await app.listen({ port: Number(process.env.PORT ?? 3000) })

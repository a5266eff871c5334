import { subscribe } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })
let failures = 0

subscribe('fastify-graceful-reload:reload-failed', (message) => {
  const { err, reason } = /** @type {graceful.GracefulEvents['reload-failed']} */ (message)
  failures += 1
  app.log.warn(`somebody should look at this release: ${reason} ended in ${err.code}`)
})

app.register(graceful)

app.get('/metrics', async () => `generation ${app.graceful.generation}\nfailed_reloads_total ${failures}\n`)

await app.listen({ port: Number(process.env.PORT ?? 3000) })

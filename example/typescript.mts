import Fastify from 'fastify'
import graceful, { type GracefulOptions, type ReloadResult } from 'fastify-graceful-reload'

const options: GracefulOptions = { drainTimeout: 20_000, probation: 5_000 }

const app = Fastify({ logger: true })

await app.register(graceful, options)

app.get('/', async () => ({ generation: app.graceful.generation, phase: app.graceful.phase }))

app.graceful.addHook('postReload', async (result: ReloadResult) => {
  app.log.info(`generation ${result.generation} was ready after ${result.timings.boot} ms`)
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })

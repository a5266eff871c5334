import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

app.register(graceful, { drainTimeout: 20_000 })

app.after(() => {
  app.graceful.addHook('drain', async ({ reason }) => {
    await stopJobs(reason)
  })
})

app.get('/', async () => ({ hello: 'world', pid: process.pid }))

async function stopJobs(why) {
  app.log.info(`no new jobs: ${why}`)
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

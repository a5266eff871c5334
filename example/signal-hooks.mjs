import { appendFile } from 'node:fs/promises'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

await app.register(graceful)

app.graceful.addHook('preSignal', ({ signal, action }) => {
  app.log.info(`received ${signal} (${action}) while ${app.graceful.phase}`)
  if (action !== 'stop') return
  // Nothing waits for the hook. But the drain waits until the hold is released.
  const done = app.graceful.hold('note of the stop')
  appendFile('stops.txt', `${signal} ${new Date().toISOString()} ${process.pid}\n`)
    .catch((error) => app.log.error(error))
    .finally(done)
})
app.graceful.addHook('postSignal', ({ signal }) => {
  app.log.info(`after ${signal} this process is ${app.graceful.phase}`)
})

app.get('/', async () => ({ hello: 'world' }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })

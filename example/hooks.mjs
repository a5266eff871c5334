import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

await app.register(graceful, { statusRoute: '/status/ready' })

app.graceful.addHook('preReload', async () => {
  if (existsSync('deploy.lock')) throw new Error('deploy.lock is there: the release is not complete') // a veto
})
app.graceful.addHook('reloadFailed', async (error) => {
  app.log.error(`generation ${app.graceful.generation} serves on: ${error.code}`)
})
app.graceful.addHook('postReload', async (result) => {
  app.log.info(`generation ${result.generation} has taken over`)
})
app.graceful.addHook('drain', async () => {
  app.log.info('no new work from here on: time to stop the queue consumer')
})

// The client gets its answer at once. A drain waits for the work that goes on after the answer.
app.post('/mails', async (request, reply) => {
  const done = app.graceful.hold('sending a mail')
  // A rejection that nobody handles would stop the server.
  sendMail()
    .catch((error) => request.log.error(error))
    .finally(done)
  return reply.code(202).send({ accepted: true })
})

async function sendMail() {
  await setTimeout(1000)
  app.log.info('mail sent')
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

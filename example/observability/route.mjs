import { get } from 'node:http'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { PORT = '3000', METRICS_PORT = '9464', FASTIFY_GRACEFUL_CONTROL: socketPath } = process.env
if (!socketPath) throw new Error('FASTIFY_GRACEFUL_CONTROL must be set: it is where the launcher answers')

const app = Fastify({ logger: true })
app.register(graceful)
app.get('/', async () => ({ hello: 'world', generation: app.graceful.generation }))

// Whichever worker gets the request, the launcher answers for all of them. This route reaches nothing else of the
// control socket.
const metrics = Fastify({ logger: true })
metrics.register(graceful)
metrics.get('/metrics', async (_request, reply) => {
  const answer = await new Promise((resolve, reject) => {
    const request = get({ socketPath, path: '/metrics', timeout: 5000 }, resolve)
    request.on('timeout', () => request.destroy(new Error('the launcher does not answer')))
    request.on('error', reject)
  })
  return reply.code(answer.statusCode).type(answer.headers['content-type']).send(answer)
})

await Promise.all([
  app.listen({ port: Number(PORT) }),
  metrics.listen({ port: Number(METRICS_PORT), host: '127.0.0.1' })
])

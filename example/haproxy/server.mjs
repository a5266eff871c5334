// The server behind HAProxy.
import { setTimeout } from 'node:timers/promises'
// LogController: Fastify 5.10 and later. Before: Fastify({ logger: true, disableRequestLogging: true }).
import Fastify, { LogController } from 'fastify'
import graceful from 'fastify-graceful-reload'

const RELEASE = 1
const { NAME = 'server', PORT = '3000' } = process.env

const app = Fastify({ logger: true, logController: new LogController({ disableRequestLogging: true }) })

app.register(graceful, {
  // HAProxy asks here (option httpchk). The answer is 503 as soon as the server gets the stop.
  statusRoute: '/status/ready',
  // After SIGTERM, the server accepts requests for this long. HAProxy needs less time to notice the 503.
  lameDuck: 3_000,
  // The probation is short, for the example.
  probation: 1_000
})

// The clients of the example need to know which server answers, and on which connection of the proxy.
app.addHook('onRequest', async (request, reply) => {
  reply.headers({ 'x-server': NAME, 'x-release': RELEASE, 'x-connection': request.socket.remotePort })
})

app.get('/', async () => ({ hello: 'world' }))

app.get('/slow', async () => {
  await setTimeout(300)
  return { hello: 'slow world' }
})

app.post('/echo', async (request) => request.body)

await app.listen({ port: Number(PORT), host: '0.0.0.0' })

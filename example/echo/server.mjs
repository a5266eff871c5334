import { createServer } from 'node:net'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'
import { echoLines } from './echo-lines.mjs'

const { PORT = '7001', ECHO_PORT = '7000' } = process.env

const app = Fastify({ logger: true })

// A line that has begun to arrive may take up to drainTimeout to end, after a reload and on a stop.
await app.register(graceful, { statusRoute: '/ready', probation: 1000, drainTimeout: 20_000 })

const echo = createServer({ allowHalfOpen: true }, (socket) => {
  app.log.info({ client: socket.remotePort }, 'client connected')
  echoLines(socket, app.graceful.signal)
})

// The only difference to `echo.listen`: at a reload, the next generation gets this socket.
const { port } = await app.graceful.listen(echo, { port: Number(ECHO_PORT), host: '127.0.0.1' })
app.log.info(`echo service on port ${port}`)

// For a load balancer, which asks GET /ready. The echo service does not need it.
await app.listen({ port: Number(PORT), host: '127.0.0.1' })

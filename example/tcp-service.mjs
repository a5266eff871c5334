import { createServer } from 'node:net'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { PORT = '3000', ECHO_PORT = '7000' } = process.env

const app = Fastify({ logger: true })

app.register(graceful)

app.get('/', async () => ({ hello: 'world' }))

// Any net.Server: after a reload, new connections reach the new generation. The old one ends its open connections.
const echo = createServer((socket) => {
  const leave = () => {
    socket.unpipe(socket) // To write after the end would be an error.
    socket.resume() // What still comes is dropped.
    socket.end('bye\n')
  }
  app.graceful.signal.addEventListener('abort', leave)
  socket.once('close', () => app.graceful.signal.removeEventListener('abort', leave))
  socket.on('error', () => socket.destroy())
  socket.pipe(socket)
})

app.addHook('onReady', async () => {
  const { port } = await app.graceful.listen(echo, { port: Number(ECHO_PORT), host: '127.0.0.1' })
  app.log.info(`echo service on port ${port}`)
})

await app.listen({ port: Number(PORT) })

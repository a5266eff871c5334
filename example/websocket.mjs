import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

app.register(graceful)
app.register(websocket)

app.register(async () => {
  app.get('/echo', { websocket: true }, (socket, request) => {
    const { name } = /** @type {{ name: string }} */ (request.query)
    // On a reload the connection moves to the next generation, whose handler is called with the same request: nobody has come,
    if (!app.graceful.hasArrived(request)) app.log.info(`${name} has come`)
    socket.on('close', () => {
      // and nobody has left.
      if (!app.graceful.hasMoved(socket)) app.log.info(`${name} has left`)
    })

    socket.on('message', async (data) => {
      // The answer is still to come, and only this process knows of it: until then the connection stays here.
      const unpin = app.graceful.pin(socket)
      try {
        socket.send(await answer(String(data)))
      } finally {
        unpin()
      }
    })
  })
})

async function answer(text) {
  return JSON.stringify({ text, generation: app.graceful.generation })
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

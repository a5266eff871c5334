import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })
const counts = new Map()

app.register(graceful)
app.register(websocket)

app.register(async () => {
  // This route keeps no state about a connection: its WebSockets move.
  app.get('/echo', { websocket: true, config: { graceful: { move: true } } }, (socket) => {
    socket.on('message', async (data) => {
      // Only this process knows that an answer is still to come. Until then the connection stays here.
      const unpin = app.graceful.pin(socket)
      try {
        socket.send(await answer(String(data)))
      } catch (error) {
        // A rejection that nobody handles would stop the server.
        app.log.error(error)
      } finally {
        unpin()
      }
    })
  })

  // These WebSockets move with the state that the next generation needs. Called in the old one, at the move.
  const move = (socket) => ({ count: counts.get(socket) })

  app.get('/count', { websocket: true, config: { graceful: { move } } }, (socket, request) => {
    const { name } = /** @type {{ name: string }} */ (request.query)
    const arrival = app.graceful.arrival(request)
    counts.set(socket, arrival?.state.count ?? 0)
    // After a move, this handler is called with the same request and a new socket, but the client is not new.
    if (!arrival) app.log.info(`${name} has come`)
    socket.on('close', () => {
      counts.delete(socket)
      // In the old generation the old socket closes, but the client has not left.
      if (!app.graceful.hasMoved(socket)) app.log.info(`${name} has left`)
    })
    socket.on('message', () => {
      counts.set(socket, counts.get(socket) + 1)
      socket.send(JSON.stringify({ count: counts.get(socket), generation: app.graceful.generation }))
    })
  })

  // This route says nothing about moves. As soon as the new generation serves, its WebSockets are closed with 1012,
  // and the clients connect again.
  app.get('/clock', { websocket: true }, (socket) => {
    const timer = setInterval(() => socket.send(JSON.stringify({ generation: app.graceful.generation })), 1000)
    socket.on('close', () => clearInterval(timer))
  })
})

async function answer(text) {
  return JSON.stringify({ text, generation: app.graceful.generation })
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

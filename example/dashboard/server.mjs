// The app of the live view. It runs from a temporary release folder, in which the number of the release is edited.
// WAY says how it is restarted: by this plugin, or the usual way.
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import Fastify, { LogController } from 'fastify'

const RELEASE = 1
const { WAY, PORT = '0', GENERATION, PROBATION } = process.env

/** How long the app takes to boot: about as long as a connection to a database takes. Milliseconds. */
const CONNECTING = 800

const app = Fastify({ logger: true, logController: new LogController({ disableRequestLogging: true }) })
const counts = new Map()
const generation = () => app.graceful?.generation ?? Number(GENERATION)

if (WAY === 'reload') {
  const { default: graceful } = await import('fastify-graceful-reload')
  app.register(graceful, { probation: Number(PROBATION) })
} else {
  const { default: closeWithGrace } = await import('close-with-grace')
  closeWithGrace({ delay: 10_000 }, () => app.close())
}
app.register(websocket)

app.addHook('onRequest', async (_request, reply) => {
  reply.header('x-release', RELEASE).header('x-generation', generation())
})

app.get('/', async () => {
  await setTimeout(3 + 40 * Math.random() ** 3)
  return { release: RELEASE }
})

app.get('/report', async (_request, reply) => {
  reply.type('text/plain')
  return Readable.from(report())
})

app.register(async () => {
  const move = (socket) => ({ count: counts.get(socket) })

  app.get('/count', { websocket: true, config: { graceful: { move } } }, (socket, request) => {
    counts.set(socket, app.graceful?.arrival(request)?.state.count ?? 0)
    socket.on('close', () => counts.delete(socket))
    socket.on('message', () => {
      counts.set(socket, counts.get(socket) + 1)
      socket.send(JSON.stringify({ count: counts.get(socket), generation: generation() }))
    })
  })
})

async function* report() {
  for (let line = 1; line <= 5; line += 1) {
    await setTimeout(120)
    yield `line ${line} of release ${RELEASE}\n`
  }
}

await setTimeout(CONNECTING)
await app.listen({ port: Number(PORT), host: '127.0.0.1' })

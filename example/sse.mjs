import { Readable } from 'node:stream'
import { setInterval } from 'node:timers/promises'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })

app.register(graceful)

app.get('/events', async (request, reply) => {
  reply.type('text/event-stream')
  // The last event that the client has seen, if it connects again.
  const last = Number(request.headers['last-event-id']) || 0
  return Readable.from(events(last, app.graceful.signal))
})

// A stream without an end would hold up the drain until its limit. This one ends when the drain begins. Then the
// EventSource of the browser waits for the time that `retry` names, connects again, and reaches the new generation.
async function* events(last, signal) {
  yield 'retry: 100\n\n'
  try {
    for await (const now of setInterval(1000, Date.now, { signal })) {
      last++
      yield `id: ${last}\ndata: ${JSON.stringify({ generation: app.graceful.generation, now: now() })}\n\n`
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

await app.listen({ port: Number(process.env.PORT ?? 3000) })

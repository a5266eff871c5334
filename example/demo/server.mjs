// The server of the demo. It runs from a temporary release folder; the demo edits the two constants in that copy.

import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import Fastify, { LogController } from 'fastify'
import graceful from 'fastify-graceful-reload'

const RELEASE = 1
/** Whether this release has a bug that ends the process at its tenth request. */
const CRASHES = false

const app = Fastify({ logger: true, logController: new LogController({ disableRequestLogging: true }) })

app.register(graceful, { probation: Number(process.env.PROBATION) })

app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))

let requests = 0
app.addHook('onRequest', async (_request, reply) => {
  requests += 1
  if (CRASHES && requests === 10) setImmediate(crash)
  reply.header('x-release', RELEASE)
})

app.get('/', async () => ({ release: RELEASE }))

app.post('/echo', async (request) => request.body)

app.get('/slow', async (_request, reply) => {
  reply.type('text/plain')
  return Readable.from(slowly())
})

app.post('/upload', async (request) => {
  let bytes = 0
  for await (const chunk of request.body) bytes += chunk.length
  return { bytes }
})

async function* slowly() {
  for (let piece = 1; piece <= 10; piece += 1) {
    await setTimeout(150)
    yield `piece ${piece} of release ${RELEASE}\n`
  }
}

function crash() {
  throw new Error('a bug that no test has found')
}

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })

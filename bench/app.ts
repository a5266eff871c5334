// The app under test, alone or with what stops or reloads it (BENCH_VARIANT). It tells on stdout, one JSON line each, when
// it listens, takes over and ends.
import { pbkdf2Sync } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import graceful from '../lib/index.js'

const { BENCH_VARIANT = 'plain', BENCH_PORT = '0', BENCH_PROBATION } = process.env
const app = Fastify()

if (BENCH_VARIANT === 'plugin') {
  app.register(graceful, BENCH_PROBATION === undefined ? {} : { probation: Number(BENCH_PROBATION) })
  app.post('/reload', async () => app.gracefulReload())
  subscribe('fastify-graceful-reload:serving', () => {
    if (app.graceful.generation > 1) say({ event: 'taken over' })
  })
} else if (BENCH_VARIANT === 'close-with-grace') {
  closeWithGrace({ logger: false }, async () => app.close())
}

const schema = { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } }
app.get('/', { schema }, async () => ({ hello: 'world' }))
app.get('/pid', async () => ({ pid: process.pid }))
// As much for the processor as a small database would leave to do, so that clients on the same machine weigh little.
app.get('/work', async () => ({
  hash: pbkdf2Sync('secret', 'salt', 2000, 32, 'sha256').toString('hex'),
  pid: process.pid
}))
app.get('/memory', async () => process.memoryUsage())
app.get('/connections', (_request, reply) => {
  app.server.getConnections((error, connections) => reply.send(error ?? { connections, pid: process.pid }))
})

process.on('exit', () => say({ event: 'exit' }))
app.listen({ port: Number(BENCH_PORT), host: '127.0.0.1' }, (error) => {
  if (error) throw error
  say({ event: 'listening', port: (app.server.address() as AddressInfo).port })
})

function say(fields: object): void {
  writeSync(1, `${JSON.stringify({ ...fields, pid: process.pid })}\n`)
}

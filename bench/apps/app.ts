// The app under test, and how it tells on stdout, one JSON line each, that it listens and that it ends. The programs
// beside this file add what stops or reloads it. Nothing else may be loaded here: every program pays for it.
import { pbkdf2Sync } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'

const HELLO = { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } }

/** So long that no connection of a benchmark ends because it is idle. Milliseconds. */
const KEEP_ALIVE = 600_000

/** Makes the app. */
export function createApp(): FastifyInstance {
  const app = Fastify({ keepAliveTimeout: KEEP_ALIVE })
  app.get('/', { schema: HELLO }, async () => ({ hello: 'world' }))
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
  return app
}

/** Makes the app listen on BENCH_HOST and BENCH_PORT. */
export function listen(app: FastifyInstance): void {
  const { BENCH_HOST = '127.0.0.1', BENCH_PORT = '0' } = process.env
  process.on('exit', () => say({ event: 'exit' }))
  app.listen({ port: Number(BENCH_PORT), host: BENCH_HOST }, (error) => {
    if (error) throw error
    say({ event: 'listening', port: (app.server.address() as AddressInfo).port })
  })
}

/** Tells what has happened to this process. */
export function say(fields: object): void {
  writeSync(1, `${JSON.stringify({ ...fields, pid: process.pid })}\n`)
}

// The app that is reloaded again and again. Each generation tells what it holds; after a garbage collection.
import { readdirSync, readlinkSync, writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
const app = Fastify()
app.register(graceful, { probation: Number(process.env.SOAK_PROBATION ?? 100) })

app.post('/reload', async () => app.gracefulReload())
app.get('/', async () => ({ generation: app.graceful.generation }))
app.post('/echo', async (request, reply) => {
  reply.header('x-generation', app.graceful.generation)
  return request.body
})
app.get('/process', async () => {
  collectGarbage()
  const { rss, heapUsed, external } = process.memoryUsage()
  const environment = Object.entries(process.env).join().length
  return {
    pid: process.pid,
    generation: app.graceful.generation,
    fds: describeFds(),
    rss,
    heapUsed,
    external,
    environment
  }
})

/** What each open file is, e.g. `socket`, without its number. */
function describeFds(): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[.*/, '')
    } catch {
      return undefined // The folder itself, which was open while it was read.
    }
  })
  return links.filter((link) => link !== undefined)
}

process.on('exit', () => say({ event: 'exit' }))
app.listen({ port: 0, host: '127.0.0.1' }, (error) => {
  if (error) throw error
  say({ event: 'listening', port: (app.server.address() as AddressInfo).port })
})

function say(fields: object): void {
  writeSync(1, `${JSON.stringify({ ...fields, pid: process.pid })}\n`)
}

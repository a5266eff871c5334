import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'
import { limits } from './limits.mjs'
import { metricsRoute } from './metrics.mjs'

const { HOST = '0.0.0.0', PORT = '3000', METRICS_PORT = '9464', CONFIG_FOLDER = '/etc/app' } = process.env

// The content of the ConfigMap. Each generation reads it again.
const config = JSON.parse(readFileSync(join(CONFIG_FOLDER, 'config.json'), 'utf8'))

const app = Fastify({ logger: true })
// The readiness probe: 200 while the pod serves, through reloads too, and 503 from SIGTERM on.
await app.register(graceful, { ...limits, statusRoute: '/status/ready' })

// The liveness probe: 200 as long as the process answers at all, in lame duck too.
app.get('/status/live', { logLevel: 'warn' }, async () => ({ alive: true, generation: app.graceful.generation }))

app.get('/', async () => ({ greeting: config.greeting, pid: process.pid, generation: app.graceful.generation }))

// Kubernetes writes a changed ConfigMap into a new folder, and then moves the link ..data there. A reload that fails
// leaves this generation in service, and the log says why.
app.addHook('onListen', async () => {
  watch(CONFIG_FOLDER, { persistent: false, signal: app.graceful.signal }, (_event, name) => {
    if (name === '..data') app.gracefulReload({ reason: 'the configuration has changed' }).catch(() => {})
  })
})

const metrics = Fastify({ logger: true })
metrics.register(graceful, limits)
metrics.register(metricsRoute)

await Promise.all([
  app.listen({ port: Number(PORT), host: HOST }),
  metrics.listen({ port: Number(METRICS_PORT), host: HOST })
])

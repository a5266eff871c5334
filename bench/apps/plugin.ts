// The app with the plugin; BENCH_PROBATION sets its probation. It also tells when it takes over, and when it has come
// back.
import { subscribe } from 'node:diagnostics_channel'
import graceful from 'fastify-graceful-reload'
import { createApp, listen, say } from './app.js'

const { BENCH_PROBATION } = process.env
const app = createApp()
app.register(graceful, BENCH_PROBATION === undefined ? {} : { probation: Number(BENCH_PROBATION) })
app.post('/reload', async () => app.gracefulReload())
app.post('/rollback', async () => {
  app.graceful.rollback()
  return {}
})
subscribe('fastify-graceful-reload:serving', () => {
  if (app.graceful.generation > 1) say({ event: 'taken over' })
})
subscribe('fastify-graceful-reload:rolled-back', () => say({ event: 'rolled back' }))
listen(app)

import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'
import { Handlers } from './handlers.mjs'
import { updatePort } from './update-port.mjs'

const { PORT = '3000', UPDATE_PORT = '3001' } = process.env

const handlers = new Handlers(new URL('handlers/', import.meta.url))
await handlers.use('hello')

const app = Fastify({ logger: true })

app.register(graceful, {
  state: {
    // After a reload, the next generation starts with the handler that is in use now.
    save: () => handlers.current.name,
    load: (name) => handlers.use(name)
  }
})

// Each request looks up the current handler once, when it begins. After a swap, it still finishes with that handler.
app.all('/*', (request, reply) => handlers.current.handle(request, reply))

const update = updatePort(handlers, { logger: true })

const [, address] = await Promise.all([
  app.listen({ port: Number(PORT) }),
  update.listen({ port: Number(UPDATE_PORT), host: '127.0.0.1' })
])
app.log.info(`the update port is ${address}`)

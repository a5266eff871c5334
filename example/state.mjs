import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const app = Fastify({ logger: true })
let visits = new Map()

app.register(graceful, {
  state: {
    save: () => ({ visits }), // in the parent, which no longer accepts
    load: (saved) => {
      visits = saved.visits // in the child, before it accepts
    }
  }
})

app.get('/:page', async (request) => {
  const { page } = /** @type {{ page: string }} */ (request.params)
  visits.set(page, (visits.get(page) ?? 0) + 1)
  return { page, visits: visits.get(page), generation: app.graceful.generation }
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })

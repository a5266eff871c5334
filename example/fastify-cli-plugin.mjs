import graceful from 'fastify-graceful-reload'
import fp from 'fastify-plugin'

export default fp(async (fastify) => {
  fastify.register(graceful, { drainTimeout: 20_000 })
})

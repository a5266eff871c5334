import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

/** Nothing else may be in the `Host` header: a page whose name leads to 127.0.0.1 (DNS rebinding) has its own name there. */
const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/

const BODY = {
  type: 'object',
  required: ['module'],
  additionalProperties: false,
  // The name of a file in the folder, and no path that leads out of it.
  properties: { module: { type: 'string', pattern: '^[\\w-]+$' } }
}

/**
 * An app of its own for those who administer this process. It has to listen on 127.0.0.1.
 *
 * @param {import('./handlers.mjs').Handlers} handlers
 * @param {import('fastify').FastifyServerOptions} options
 */
export function updatePort(handlers, options) {
  const update = Fastify(options)
  // A second app in the process: at a reload its socket is handed over as well.
  update.register(graceful)
  // What is left is JSON, which a foreign page cannot send without asking first (CORS), and nothing here permits that.
  update.removeContentTypeParser('text/plain')

  update.addHook('onRequest', async (request, reply) => {
    if (LOOPBACK.test(request.headers.host ?? '')) return
    reply.code(403)
    throw new Error('the Host header must name this machine: 127.0.0.1 or localhost')
  })

  update.get('/handler', async () => describe(handlers.current))

  // Answers when the new handler is in use, or with the reason why it is not.
  update.post('/handler', { schema: { body: BODY } }, async (request) => {
    const { module } = /** @type {{ module: string }} */ (request.body)
    await handlers.use(module)
    request.log.info(`handler ${module} is in use`)
    return describe(handlers.current)
  })

  return update
}

function describe({ name, load }) {
  return { name, load }
}

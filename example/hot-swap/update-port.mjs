import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

/** The names that `Host` may have. A web page whose name leads to 127.0.0.1 (DNS rebinding) sends its own name. */
const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/

const BODY = {
  type: 'object',
  required: ['module'],
  additionalProperties: false,
  // The name of a file in the folder. A path that leads out of the folder does not match.
  properties: { module: { type: 'string', pattern: '^[\\w-]+$' } }
}

/**
 * A separate app for the people who administer this process. It must listen on 127.0.0.1.
 *
 * @param {import('./handlers.mjs').Handlers} handlers
 * @param {import('fastify').FastifyServerOptions} options
 */
export function updatePort(handlers, options) {
  const update = Fastify(options)
  // A second app in the process. A reload hands its socket over too.
  update.register(graceful)
  // Only JSON is accepted. A browser asks for permission (CORS) before a page of another origin sends JSON, and this
  // app gives no permission.
  update.removeContentTypeParser('text/plain')

  update.addHook('onRequest', async (request, reply) => {
    if (LOOPBACK.test(request.headers.host ?? '')) return
    reply.code(403)
    throw new Error('the Host header must name this machine: 127.0.0.1 or localhost')
  })

  update.get('/handler', async () => describe(handlers.current))

  // Answers when the new handler is in use, or cannot be used. Then the answer has the reason.
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

import { get } from 'node:http'

const { FASTIFY_GRACEFUL_CONTROL: socketPath } = process.env

/**
 * `GET /metrics`: the metrics from the control socket of the launcher. This route reaches nothing else of that socket.
 *
 * @param {import('fastify').FastifyInstance} app
 */
export async function metricsRoute(app) {
  if (!socketPath) throw new Error('FASTIFY_GRACEFUL_CONTROL must be set: it is where the launcher answers')
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) => {
    const answer = await ask('/metrics')
    return reply
      .code(answer.statusCode ?? 502)
      .type(String(answer.headers['content-type']))
      .send(answer)
  })
}

/**
 * @param {string} path
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
function ask(path) {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path, timeout: 5000 }, resolve)
    request.on('timeout', () => request.destroy(new Error('the launcher does not answer')))
    request.on('error', reject)
  })
}

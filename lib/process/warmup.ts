import type { FastifyInstance } from 'fastify'
import { WarmupError } from '../errors.js'
import type { GracefulOptions } from '../options.js'

/**
 * Lets an app that is about to listen do what its first requests would find cold.
 *
 * @throws {WarmupError} when an answer has a status of 500 or more, or whatever the app's own function throws
 */
export async function warmUp(app: FastifyInstance, warmup: NonNullable<GracefulOptions['warmup']>): Promise<void> {
  if (typeof warmup === 'function') {
    await warmup(app)
    return
  }
  for (const url of warmup) {
    const { statusCode } = await app.inject({ method: 'GET', url })
    if (statusCode >= 500) throw new WarmupError(url, statusCode)
  }
}

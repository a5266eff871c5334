import type { FastifyInstance } from 'fastify'
import { WarmupError } from '../errors.js'
import type { GracefulOptions } from '../options.js'

/**
 * Lets an app that is about to listen do what its first requests would find cold.
 *
 * @param warn - is told of answers that have warmed up nothing
 * @throws {WarmupError} when an answer has a status of 500 or more, or whatever the app's own function throws
 */
export async function warmUp(
  app: FastifyInstance,
  warmup: NonNullable<GracefulOptions['warmup']>,
  warn: (warning: string) => void
): Promise<void> {
  if (typeof warmup === 'function') {
    await warmup(app)
    return
  }
  for (const url of warmup) {
    const { statusCode } = await app.inject({ method: 'GET', url })
    if (statusCode >= 500) throw new WarmupError(url, statusCode)
    // No such route, or one that wants what a warm-up does not send: its handler has not run.
    if (statusCode >= 400)
      warn(`the warm-up request GET ${url} was answered with status ${statusCode}, so it has warmed up nothing`)
  }
}

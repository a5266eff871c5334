import type { FastifyInstance } from 'fastify'
import { WarmupError } from '../errors.js'
import { REPEAT_FOR, type Warmup } from './warmup-options.js'

/** How many rounds are compared with as many before them: one alone may have met the garbage collector. */
const WINDOW = 5

/** A median that falls by less is as good as the one before. */
const FLAT = 0.95

/**
 * Warms up an app that is about to listen, so that its first requests do not meet cold code.
 *
 * @param warn - gets a sentence about answers that have warmed up nothing
 * @throws {WarmupError} when an answer has a status of 500 or more, or whatever the app's own function throws
 */
export async function warmUp(app: FastifyInstance, warmup: Warmup, warn: (warning: string) => void): Promise<void> {
  if (typeof warmup === 'function') {
    await warmup(app)
    return
  }
  const { paths, repeatFor = REPEAT_FOR } = Array.isArray(warmup) ? { paths: warmup, repeatFor: 0 } : warmup
  const warned = new Set<string>()
  const warnOnce = (warning: string) => {
    if (!warned.has(warning)) warn(warning)
    warned.add(warning)
  }
  const begun = performance.now()
  const durations: number[] = []
  do {
    const before = performance.now()
    for (const path of paths) await ask(app, path, warnOnce)
    durations.push(performance.now() - before)
  } while (performance.now() - begun < repeatFor && !isFlat(durations))
}

/** @throws {WarmupError} */
async function ask(app: FastifyInstance, url: string, warn: (warning: string) => void): Promise<void> {
  const { statusCode } = await app.inject({ method: 'GET', url })
  if (statusCode >= 500) throw new WarmupError(url, statusCode)
  // No such route, or one that wants what a warm-up does not send: its handler has not run.
  if (statusCode >= 400)
    warn(
      `the warm-up request GET ${url} was answered with status ${statusCode}, so this request did not warm up the app`
    )
}

/** Whether the rounds no longer become quicker. */
export function isFlat(durations: readonly number[]): boolean {
  if (durations.length < 2 * WINDOW) return false
  const [before, last] = [durations.slice(-2 * WINDOW, -WINDOW), durations.slice(-WINDOW)]
  return median(last) >= FLAT * median(before)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] as number
}

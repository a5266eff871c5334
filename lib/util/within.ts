import { Deadline } from './deadline.js'

/**
 * Waits for a promise, but not for ever.
 *
 * @param duration - milliseconds
 * @throws {Error} that names what took too long; the promise goes on, and its outcome is no longer of interest
 */
export async function within<T>(promise: Promise<T>, duration: number, what: string): Promise<T> {
  const deadline = new Deadline()
  const late = new Promise<never>((_, reject) => {
    deadline.set(duration, () => reject(new Error(`${what} took longer than ${duration} ms`)))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    deadline.clear()
    promise.catch(() => {})
  }
}

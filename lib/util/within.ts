/**
 * Waits for a promise, but not for ever.
 *
 * @param duration - milliseconds
 * @throws {Error} that names what took too long; the promise goes on, and its outcome is no longer of interest
 */
export async function within<T>(promise: Promise<T>, duration: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${duration} ms`)), duration)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    promise.catch(() => {})
  }
}

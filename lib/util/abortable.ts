/** The promise's outcome, unless one of the signals aborts first: then its reason is thrown. */
export async function abortable<T>(promise: Promise<T>, ...signals: AbortSignal[]): Promise<T> {
  const disposers: Array<() => void> = []
  const aborted = new Promise<never>((_, reject) => {
    for (const signal of signals) {
      const onAbort = () => reject(signal.reason)
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      disposers.push(() => signal.removeEventListener('abort', onAbort))
    }
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    for (const dispose of disposers) dispose()
    promise.catch(() => {}) // Nobody waits for it any more if a signal was first.
  }
}

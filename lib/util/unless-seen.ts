import { Deadline } from './deadline.js'

/**
 * Waits for a promise, unless something else is seen before.
 *
 * @param look - is called again and again, each time when what has come meanwhile has been read; returns what it sees
 * @param interval - milliseconds
 */
export async function unlessSeen<T, S>(
  promise: Promise<T>,
  look: () => S | undefined,
  interval: number
): Promise<T | S> {
  const deadline = new Deadline()
  const seen = new Promise<S>((resolve) => {
    const wait = (): void =>
      deadline.set(interval, () => {
        const found = look()
        if (found === undefined) wait()
        else resolve(found)
      })
    wait()
  })
  return Promise.race([promise, seen]).finally(() => deadline.clear())
}

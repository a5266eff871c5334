import { MessageChannel } from 'node:worker_threads'

/** How long this process stands still, unless told. Milliseconds. */
const STALL = 30

/**
 * Begins something, and lets this process stand still. What another process says meanwhile is read afterwards, as from
 * any channel: behind the timers that are due by then.
 *
 * @param begin - gets a function that sets what hears the message of the meantime
 */
export async function stallWith<T>(
  begin: (heard: (callback: () => void) => void) => Promise<T>,
  duration = STALL
): Promise<T> {
  const { port1, port2 } = new MessageChannel()
  try {
    const outcome = begin((callback) => port1.on('message', callback))
    // In a turn of its own: no phase of the event loop is under way that would read first.
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        port2.postMessage('it')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration)
        resolve()
      })
    })
    return await outcome
  } finally {
    port1.close()
  }
}

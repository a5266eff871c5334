import { shortenQueue } from '../internals/listening-handle.js'
import { os } from '../util/os.js'
import type { Listener } from './listeners.js'

/** How long the queues may take to become empty by themselves, and how long in all. Milliseconds. */
const LIMITS = { alone: 100, all: 1000 }

/**
 * Lets servers accept what waits in the queues of their sockets. The system has completed these connections, and resets
 * them when the last process closes the socket.
 *
 * Clients that come back at once could fill a queue for ever. So after a moment, the queue of a socket that ends here
 * gets shorter: the system then does not answer new clients, and when they try again they are refused.
 *
 * @param endHere - whether nobody will accept on these sockets when this process has closed them
 * @param opened - how many connections this process has accepted so far
 */
export async function emptyQueues(listeners: Listener[], endHere: boolean, opened: () => number): Promise<void> {
  if (listeners.length === 0) return
  await turn()
  const isEmpty = await untilEmpty(opened, LIMITS.alone)
  if (isEmpty) return
  if (endHere) for (const listener of listeners.filter(isOwn)) shortenQueue(listener.server)
  await untilEmpty(opened, LIMITS.all - LIMITS.alone)
}

/** Returns false if the limit comes first. */
async function untilEmpty(opened: () => number, limit: number): Promise<boolean> {
  const end = performance.now() + limit
  while (performance.now() < end) {
    const known = opened()
    await turn()
    if (opened() === known) return true
  }
  return false
}

/** From one turn to the next, the event loop asks the system once what there is to accept. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Whether nobody else listens on the same socket: no service manager, no primary of a cluster. The queue of a unix
 * socket is left alone too, since a client that finds it full gets an error at once:
 * https://man7.org/linux/man-pages/man2/connect.2.html (EAGAIN)
 */
function isOwn({ activated, address, key }: Listener): boolean {
  return !activated && 'port' in address && !key.startsWith('fd ') && !os.isClusterWorker()
}

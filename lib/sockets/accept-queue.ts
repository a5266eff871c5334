import { shortenQueue } from '../internals/listening-handle.js'
import { os } from '../util/os.js'
import type { Listener } from './listeners.js'

/** How long the queues may take to become empty by themselves, and how long in all. Milliseconds. */
const LIMITS = { alone: 100, all: 1000 }

/** The sockets that are about to be closed, and what there is to know about their queues. */
export interface Queues {
  /** The listeners that accept at this moment. */
  accepting(): Listener[]
  /** How many connections they have accepted so far. */
  opened(): number
  /** Whether nobody will accept on these sockets when this process has closed them. */
  readonly endHere: boolean
  /** Calls back in the next turn of the event loop. */
  readonly soon: (callback: () => void) => unknown
}

/**
 * Lets servers accept what waits in the queues of their sockets. The system has completed these connections, and resets
 * them when the last process closes the socket.
 *
 * Clients that come back at once could fill a queue for ever. So after a moment, the queue of a socket that ends here
 * gets shorter: the system then does not answer new clients, and when they try again they are refused.
 */
export async function emptyQueues(queues: Queues): Promise<void> {
  if (queues.accepting().length === 0) return
  await turn(queues)
  if (await areEmpty(queues, LIMITS.alone)) return
  if (queues.endHere) for (const { server } of queues.accepting().filter(isOwn)) shortenQueue(server)
  await areEmpty(queues, LIMITS.all - LIMITS.alone)
}

/** Returns true as soon as they are, and false if the limit comes first. Milliseconds. */
async function areEmpty(queues: Queues, limit: number): Promise<boolean> {
  const end = performance.now() + limit
  while (performance.now() < end) {
    const known = queues.opened()
    await turn(queues)
    if (queues.opened() === known) return true
  }
  return false
}

/** From one turn to the next, the event loop asks the system once what there is to accept. */
function turn({ soon }: Queues): Promise<void> {
  return new Promise((resolve) => soon(resolve))
}

/**
 * Whether nobody else listens on the same socket, such as the primary of a cluster. The queue of a unix socket is left
 * alone too, since a client that finds it full gets an error at once:
 * https://man7.org/linux/man-pages/man2/connect.2.html (EAGAIN)
 */
function isOwn({ address, key }: Listener): boolean {
  return 'port' in address && !key.startsWith('fd ') && !os.isClusterWorker()
}

import type { Socket } from 'node:net'
import { markIdle } from '../internals/http-parser.js'

/** How a connection began here. */
interface Start {
  readonly deadline: number
  /** What had been read from it by then: more than nothing if this process has had it before, and kept it. */
  readonly bytesRead: number
}

/** The connections that had their first request in another process, or in an earlier time here. */
export class Arrived {
  readonly #starts = new WeakMap<Socket, Start>()

  /** Whether a connection is one of them. */
  has(socket: Socket): boolean {
    return this.#starts.has(socket)
  }

  /** For how long a connection that has sent nothing since it came here may stay silent; 0: for ever. Milliseconds. */
  timeLeft(socket: Socket): number | undefined {
    const start = this.#starts.get(socket)
    if (start === undefined || socket.bytesRead > start.bytesRead) return undefined
    return start.deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, start.deadline - performance.now())
  }

  /**
   * Lets a connection go on as one between two requests. If it stays silent until its keep-alive timeout, this closes
   * it without a response: Node sets that timeout after a response only. From the first byte on, Node's own timeouts
   * apply.
   */
  goOn(socket: Socket, timeLeft: number): void {
    markIdle(socket)
    const { bytesRead } = socket
    this.#starts.set(socket, {
      bytesRead,
      deadline: timeLeft > 0 ? performance.now() + timeLeft : Number.POSITIVE_INFINITY
    })
    if (timeLeft <= 0) return
    const closeIfSilent = () => socket.bytesRead === bytesRead && socket.destroy()
    // The second look finds the bytes that had arrived when the timer fired.
    setTimeout(() => setImmediate(closeIfSilent), timeLeft).unref()
  }
}

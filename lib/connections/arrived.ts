import type { Socket } from 'node:net'
import { markIdle } from '../internals/http-parser.js'

/** The connections that had their first request in another process. */
export class Arrived {
  readonly #deadlines = new WeakMap<Socket, number>()

  /** Whether a connection is one of them. */
  has(socket: Socket): boolean {
    return this.#deadlines.has(socket)
  }

  /** For how long a connection that has sent nothing since it was moved here may stay silent; 0: for ever. Milliseconds. */
  timeLeft(socket: Socket): number | undefined {
    const deadline = this.#deadlines.get(socket)
    if (deadline === undefined || socket.bytesRead > 0) return undefined
    return deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, deadline - performance.now())
  }

  /**
   * Lets a connection go on as one between two requests: closed without a word when it stays silent until its keep-alive
   * timeout, which Node sets after a response and not before. From the first byte on, Node's own timeouts apply.
   */
  goOn(socket: Socket, timeLeft: number): void {
    markIdle(socket)
    this.#deadlines.set(socket, timeLeft > 0 ? performance.now() + timeLeft : Number.POSITIVE_INFINITY)
    if (timeLeft <= 0) return
    const closeIfSilent = () => socket.bytesRead === 0 && socket.destroy()
    // The second look finds the bytes that had arrived when the timer fired.
    setTimeout(() => setImmediate(closeIfSilent), timeLeft).unref()
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { CutRequest } from '../events.js'
import { currentResponse, isLastResponse, lingerOnClose, setKeepAlive } from '../internals/http1.js'
import { guarded } from '../util/guarded.js'
import { pathOf } from '../util/path-of.js'
import type { Timers } from '../util/timers.js'
import { ageOf } from './age.js'
import type { Connections } from './tracker.js'

/**
 * What happens to an idle connection.
 *
 * - `soon`: nobody will serve it here again, so it is closed once it has been quiet for a moment; a request that was
 *   already on its way when the drain began is still answered, with `Connection: close`.
 * - `moving`: it goes to the child; nothing is announced, and nothing is closed.
 * - `own timeout`: the next response says `Connection: close`, or its keep-alive timeout ends it, as it would have
 *   anyway.
 */
export type IdlePolicy = 'soon' | 'moving' | 'own timeout'

/** How long an idle connection must have been quiet to be closed `soon`. Milliseconds. */
const QUIET = 500
const SWEEP_INTERVAL = 100
/** How long a TLS handshake may stand still. Milliseconds. */
const STALL = 2000
/** How long a client may take to close after an answer to a request that it had not sent whole. Milliseconds. */
const LINGER = 2000

/** Finishes the requests in progress on one HTTP/1.1 server. */
export class HttpDrain {
  readonly #connections: Connections
  readonly #started = performance.now()
  readonly #pending = new Map<Socket, Map<ServerResponse, number>>()
  readonly #idleSince = new WeakMap<Socket, { since: number; bytesRead: number }>()
  readonly #timers: Timers
  #policy: IdlePolicy
  #sweeper: NodeJS.Timeout | undefined

  constructor(connections: Connections, policy: IdlePolicy, timers: Timers) {
    this.#timers = timers
    this.#connections = connections
    guarded(() => this.#server.prependListener('request', this.#onRequest))
    this.#policy = policy
    for (const [socket, response] of connections.responses()) this.#await(socket, response, this.#started)
    this.#startSweeping()
  }

  /** Connections that could not move have to end here after all. */
  endMoving(policy: IdlePolicy): void {
    this.#policy = policy
    for (const [socket, pending] of this.#pending) {
      const last = [...pending.keys()].at(-1)
      if (last !== undefined) this.#announceClose(socket, last)
    }
    this.#startSweeping()
  }

  get #server(): Server {
    return this.#connections.server
  }

  #startSweeping(): void {
    if (this.#policy === 'soon') this.#sweeper ??= this.#timers.setInterval(() => this.#sweep(), SWEEP_INTERVAL)
  }

  /** Ends the bookkeeping; the server is left as it is. */
  dispose(): void {
    this.#timers.clearInterval(this.#sweeper)
    guarded(() => this.#server.removeListener('request', this.#onRequest))
  }

  /** Closes all that is left and returns the requests that this cut off. */
  force(): CutRequest[] {
    const idle = new Set(this.#connections.idle())
    const cut: CutRequest[] = []
    for (const socket of [...this.#connections.open, ...this.#connections.handshaking]) {
      if (socket.destroyed || this.#connections.isHttp2(socket)) continue
      if (!idle.has(socket) && !this.#connections.handshaking.has(socket)) cut.push(...this.#requestsOn(socket))
      socket.destroy()
    }
    return cut
  }

  #requestsOn(socket: Socket): CutRequest[] {
    const pending = [...(this.#pending.get(socket) ?? [])]
    if (pending.length === 0)
      return [
        { method: '-', url: 'a request not yet received whole', age: Math.round(performance.now() - this.#started) }
      ]
    return pending.map(([{ req }, since]) => ({
      method: req.method ?? '-',
      url: pathOf(req.url),
      age: ageOf(req, since)
    }))
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // A server of HTTP/2 emits this too, for streams.
    if (request.httpVersionMajor < 2) this.#await(request.socket, response, performance.now())
  }

  #await(socket: Socket, response: ServerResponse, since: number): void {
    const pending = this.#pending.get(socket) ?? new Map<ServerResponse, number>()
    this.#pending.set(socket, pending.set(response, since))
    this.#announceClose(socket, response)
    response.once('close', () => {
      pending.delete(response)
      if (pending.size === 0) this.#pending.delete(socket)
      this.#follow(socket)
    })
  }

  /** With pipelining, a response behind the one that has just ended may have been begun before the drain. */
  #follow(socket: Socket): void {
    if (socket.destroyed) return
    const next = currentResponse(socket)
    if (next !== undefined && !this.#pending.get(socket)?.has(next)) this.#await(socket, next, this.#started)
  }

  /**
   * Lets the last response that a connection owes say `Connection: close`. Headers that have been sent have been sent;
   * such a connection ends by the idle policy.
   */
  #announceClose(socket: Socket, response: ServerResponse): void {
    if (this.#policy === 'moving' || !isLastResponse(socket, response)) return
    for (const earlier of this.#pending.get(socket)?.keys() ?? []) {
      if (earlier !== response && !earlier.headersSent) setKeepAlive(earlier, this.#wantsKeepAlive(earlier.req))
    }
    if (response.headersSent) return
    setKeepAlive(response, false)
    lingerOnClose(socket, response.req, LINGER)
  }

  /** https://www.rfc-editor.org/rfc/rfc9112#section-9.3 */
  #wantsKeepAlive(request: IncomingMessage): boolean {
    const connection = request.headers.connection?.toLowerCase() ?? ''
    return request.httpVersion === '1.1' ? !connection.includes('close') : connection.includes('keep-alive')
  }

  /**
   * Closes what has been idle and quiet for long enough. The second look, after the event loop has polled once more,
   * finds the bytes that had arrived when the first one was taken.
   */
  #sweep(): void {
    const now = this.#timers.now()
    const { handshaking } = this.#connections
    const idle = this.#connections.idle().filter((socket) => this.#quietFor(socket, now) >= QUIET)
    const stalled = [...handshaking].filter((socket) => this.#quietFor(socket, now) >= patienceWith(socket))
    if (idle.length + stalled.length === 0) return
    this.#timers.setImmediate(() => {
      const still = new Set(this.#connections.idle())
      for (const socket of idle) if (still.has(socket)) socket.destroy()
      for (const socket of stalled) if (handshaking.has(socket) && this.#quietFor(socket, now) > 0) socket.destroy()
    })
  }

  #quietFor(socket: Socket, now: number): number {
    const known = this.#idleSince.get(socket)
    if (known?.bytesRead === socket.bytesRead) return now - known.since
    this.#idleSince.set(socket, { since: now, bytesRead: socket.bytesRead })
    return 0
  }
}

/** A connection without a handshake may be one that a browser opens in advance, or a health check. */
function patienceWith(socket: Socket): number {
  return socket.bytesRead === 0 ? QUIET : STALL
}

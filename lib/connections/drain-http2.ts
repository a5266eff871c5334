import { constants, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { CutRequest } from '../events.js'
import { openStreams, sendShutdownNotice } from '../internals/http2.js'
import { Deadline } from '../util/deadline.js'
import { guarded } from '../util/guarded.js'
import { pathOf } from '../util/path-of.js'
import { ageOf } from './age.js'
import type { Connections } from './tracker.js'

/** How long a client may take to answer a PING. Milliseconds. */
const ROUND_TRIP = 1000
/** The same of one that has sent no request yet: its first ones may be on their way. Milliseconds. */
const FIRST_ROUND_TRIP = 5000
const SWEEP_INTERVAL = 100
/** How long a client may take to close a connection whose last stream has ended. Milliseconds. */
const LINGER = 2000

/**
 * Finishes the streams in progress on the HTTP/2 sessions of one server; clients open new ones elsewhere.
 *
 * A session is left in two steps. The first GOAWAY names no stream, and the session is read and served on for a round
 * trip, so that a stream which crosses it is served. The second one says which stream was the last. On TLS, Node allows
 * only the second one: a stream that crosses it is not begun here, and the client learns from its number that it may
 * safely send the request again elsewhere. A session gets a round trip before that in any case, and more time for it if
 * it has sent no request yet.
 */
export class Http2Drain {
  readonly #connections: Connections
  readonly #started = performance.now()
  readonly #ended = new Map<Socket, number>()
  readonly #sweeper: NodeJS.Timeout
  #isOver = false

  constructor(connections: Connections) {
    this.#connections = connections
    guarded(() => connections.server.on('session', this.#onSession))
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_INTERVAL)
    for (const [session, socket] of connections.sessions) void this.#leave(session, socket)
  }

  /** Ends the bookkeeping; the sessions are left as they are. */
  dispose(): void {
    this.#isOver = true
    clearInterval(this.#sweeper)
    guarded(() => this.#connections.server.removeListener('session', this.#onSession))
  }

  /** Closes all that is left and returns the requests that this cut off. */
  force(): CutRequest[] {
    return [...this.#connections.sessions].flatMap(([session, socket]) => {
      const cut = openStreams(session).map(({ stream, request }) => {
        // So that no client takes what it has of an answer for the whole.
        stream.close(constants.NGHTTP2_CANCEL)
        const url = request === undefined ? 'an HTTP/2 stream' : pathOf(request.url)
        return { method: request?.method ?? '-', url, age: ageOf(stream, this.#started) }
      })
      session.close()
      // Node writes these frames first, in an immediate of its own.
      setImmediate(() => socket.destroy())
      return cut
    })
  }

  readonly #onSession = (session: ServerHttp2Session): void => {
    const socket = this.#connections.sessions.get(session)
    if (socket !== undefined) void this.#leave(session, socket)
  }

  async #leave(session: ServerHttp2Session, socket: Socket): Promise<void> {
    await roundTrip(session, hasAsked(session) ? ROUND_TRIP : FIRST_ROUND_TRIP)
    if (!this.#isOver && sendShutdownNotice(session, socket)) await roundTrip(session)
    // Sends GOAWAY, and ends the session with its last stream.
    if (!this.#isOver) session.close()
  }

  /**
   * When its last stream has ended, a session ends its side of the connection and waits for the client to do the same.
   */
  #sweep(): void {
    const now = performance.now()
    for (const [session, socket] of this.#connections.sessions) {
      if (!session.destroyed || socket.destroyed) continue
      const since = this.#ended.get(socket) ?? now
      this.#ended.set(socket, since)
      if (now - since >= LINGER) socket.destroy()
    }
  }
}

/** https://nodejs.org/api/http2.html#http2sessionstate: of a session without a stream so far, the number is 0. */
function hasAsked({ state }: ServerHttp2Session): boolean {
  return state.lastProcStreamID !== 0
}

/** What the client sent before it saw what it was sent last has arrived, unless it is slow to answer. */
function roundTrip(session: ServerHttp2Session, limit = ROUND_TRIP): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve()
    const deadline = new Deadline()
    deadline.set(limit, resolve)
    const arrived = () => {
      deadline.clear()
      resolve()
    }
    // Too many unanswered ones, and it is not even sent:
    // https://nodejs.org/api/http2.html#http2sessionpingpayload-callback
    session.ping(arrived)
    session.once('close', arrived)
  })
}

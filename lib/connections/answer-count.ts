import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Answers } from '../protocol/health.js'
import { guarded } from '../util/guarded.js'
import type { Connections } from './tracker.js'

/** What this process answers, counted while a reload goes on: see {@link Answers}. */
export class AnswerCount {
  readonly #counts = { first: { answers: 0, errors: 0 }, later: { answers: 0, errors: 0 } }
  readonly #known = new WeakSet<Socket | Http2Session>()
  readonly #all: readonly Connections[]
  readonly #isOlder: (socket: Socket) => boolean

  /**
   * @param isOlder - whether a connection that has not been seen yet has had requests before, perhaps in another
   * process
   */
  constructor(all: readonly Connections[], isOlder: (socket: Socket) => boolean) {
    // The first such listener of a server of HTTP/2 would change what happens to its streams.
    this.#all = all.filter(({ server }) => server.listenerCount('request') > 0)
    this.#isOlder = isOlder
    for (const { server } of this.#all) guarded(() => server.prependListener('request', this.#onRequest))
  }

  /** Up to now. */
  get answers(): Answers {
    const { first, later } = this.#counts
    return { first: { ...first }, later: { ...later } }
  }

  /** Counts no more. */
  end(): void {
    for (const { server } of this.#all) guarded(() => server.removeListener('request', this.#onRequest))
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const count = this.#counts[this.#isFirst(request) ? 'first' : 'later']
    response.once('finish', () => {
      count.answers += 1
      if (response.statusCode >= 500) count.errors += 1
    })
  }

  #isFirst(request: IncomingMessage): boolean {
    // A server of HTTP/2 emits this too, for streams. The socket of such a request is not to be touched:
    // https://nodejs.org/api/http2.html#requestsocket
    const { stream } = request as { stream?: ServerHttp2Stream }
    const connection = stream === undefined ? request.socket : stream.session
    if (connection === undefined || this.#known.has(connection)) return false
    this.#known.add(connection)
    return stream !== undefined || !this.#isOlder(request.socket)
  }
}

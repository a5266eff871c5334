import { type Client, checkEcho, echo } from './clients.js'
import { HttpConnection, type Target } from './connection.js'
import { ClientFailure } from './exchange.js'
import type { Request } from './http.js'

/**
 * A client that keeps one connection. When that is closed, or told to close, it fails from then on. Each turn is
 * one write of as many POSTs as `depth` says, which one process must answer.
 */
export class PersistentClient implements Client {
  readonly name: string
  connectionsClosed = 0
  /** The longest time between a request and its answer. Milliseconds. */
  longestWait = 0
  readonly #connection: HttpConnection
  readonly #depth: number
  #asked = 0

  private constructor(connection: HttpConnection, depth: number) {
    this.#connection = connection
    this.#depth = depth
    this.name = depth === 1 ? 'posting on one connection' : 'pipelining on one connection'
    connection.closed.then((ending) => {
      if (ending !== 'by the client') this.connectionsClosed += 1
    })
  }

  /** Connects. */
  static async open(target: Target, depth = 1): Promise<PersistentClient> {
    return new PersistentClient(await HttpConnection.open(target), depth)
  }

  /** Opens many, not all at the same moment: the queue of a listener is short. */
  static async openMany(target: Target, count: number, depth = 1): Promise<PersistentClient[]> {
    const clients: PersistentClient[] = []
    while (clients.length < count) {
      const some = Math.min(100, count - clients.length)
      clients.push(...(await Promise.all(Array.from({ length: some }, () => PersistentClient.open(target, depth)))))
    }
    return clients
  }

  async ask(): Promise<number[]> {
    const requests = Array.from({ length: this.#depth }, () => echo(`request ${++this.#asked}`))
    const begin = performance.now()
    const exchanges = this.#connection.pipeline(requests)
    const responses = await Promise.all(exchanges.map(({ response }) => response))
    this.longestWait = Math.max(this.longestWait, performance.now() - begin)
    const generations = responses.map((response, index) => checkEcho(response, requests[index] as Request))
    if (new Set(generations).size > 1) throw new ClientFailure('body', `answered by generations ${generations}`)
    if (this.#connection.announced) throw new ClientFailure('premature close', 'the connection was told to close')
    return generations
  }

  close(): void {
    this.#connection.close()
  }
}

import { HttpConnection, type Target } from '../test/support/connection.js'
import { ask } from './crowd.js'

/** How many connections are opened, or asked, at once: few, so that nobody else waits for them. */
const AT_ONCE = 4

/** What became of idle connections. */
export interface IdleOutcome {
  /** How many had been closed without a word. */
  closed: number
  /** How many of the others did not answer the next request. */
  failed: number
  /** How many said `Connection: close` with their next answer. */
  announced: number
}

/** Connections that were used once and then stay open. */
export class IdleConnections {
  readonly #target: Target
  readonly #count: number
  #connections: HttpConnection[] = []

  constructor(target: Target, count: number) {
    this.#target = target
    this.#count = count
  }

  /** Opens as many as are missing, and uses each one once. */
  async open(): Promise<void> {
    this.#connections = this.#connections.filter(({ isClosed, announced }) => !isClosed && !announced)
    const missing = Array.from({ length: this.#count - this.#connections.length }, (_, index) => index)
    await inTurn(missing, async () => {
      const connection = await HttpConnection.open(this.#target)
      await ask(connection)
      this.#connections.push(connection)
    })
  }

  /** One of all, each in turn. */
  take(turn: number): HttpConnection {
    return this.#connections[turn % this.#connections.length] as HttpConnection
  }

  /** Counts the connections that have been closed, and sends a request on each of the others. */
  async check(): Promise<IdleOutcome> {
    const open = this.#connections.filter(({ isClosed }) => !isClosed)
    const outcome = { closed: this.#connections.length - open.length, failed: 0, announced: 0 }
    await inTurn(open, async (connection) => {
      await ask(connection).catch(() => {
        outcome.failed += 1
      })
      if (connection.announced) outcome.announced += 1
    })
    return outcome
  }

  /** Closes all. */
  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}

async function inTurn<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const work = async () => {
    for (const item of queue) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

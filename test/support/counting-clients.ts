import type { Client } from './clients.js'
import { HttpConnection, type Target } from './connection.js'

/** How many answers there were, by generation and status: `2: 500`. */
export type Tally = Map<string, number>

/**
 * A client that takes any answer, and counts them. It keeps its connection, or opens a new one for each request; and it
 * opens a new one where it was told to.
 */
export class CountingClient implements Client {
  readonly name = 'counting'
  connectionsClosed = 0
  readonly tally: Tally
  readonly #target: Target
  readonly #path: string
  readonly #keepsAlive: boolean
  #connection: HttpConnection | undefined

  constructor(target: Target, path: string, keepsAlive: boolean, tally: Tally) {
    this.#target = target
    this.#path = path
    this.#keepsAlive = keepsAlive
    this.tally = tally
  }

  async ask(): Promise<number[]> {
    const connection = await this.#connected()
    const { status, body } = await connection.request({ path: this.#path })
    if (!this.#keepsAlive) this.close()
    const { generation } = JSON.parse(body) as { generation: number }
    const kind = `${generation}: ${status}`
    this.tally.set(kind, (this.tally.get(kind) ?? 0) + 1)
    return [generation]
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  async #connected(): Promise<HttpConnection> {
    const open = this.#connection
    if (open !== undefined && !open.isClosed && !open.announced) return open
    open?.close()
    this.#connection = await HttpConnection.open(this.#target)
    return this.#connection
  }
}

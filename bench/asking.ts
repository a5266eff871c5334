import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './crowd.js'
import type { IdleConnections } from './idle.js'

/** What became of requests on idle connections. */
export interface Asked {
  /** How long each one waited that was answered. Milliseconds. */
  waits: number[]
  failed: number
}

/** Asks idle connections, each in its turn, whether the one before has been answered or not. */
export class Asking {
  readonly #asked: Asked = { waits: [], failed: 0 }
  readonly #idle: IdleConnections
  readonly #running: Promise<void>
  #isOver = false

  /**
   * Starts at once.
   *
   * @param every - how often one is asked, in milliseconds
   */
  constructor(idle: IdleConnections, every: number) {
    this.#idle = idle
    this.#running = this.#keepAsking(every)
  }

  /** Lets the requests in progress finish. */
  async stop(): Promise<Asked> {
    this.#isOver = true
    await this.#running
    return this.#asked
  }

  async #keepAsking(every: number): Promise<void> {
    const open = new Set<Promise<void>>()
    for (let turn = 0; !this.#isOver; turn += 1) {
      const asked = this.#askInTurn(turn).finally(() => open.delete(asked))
      open.add(asked)
      await delay(every)
    }
    await Promise.all(open)
  }

  async #askInTurn(turn: number): Promise<void> {
    const begun = performance.now()
    try {
      await ask(this.#idle.take(turn))
      this.#asked.waits.push(performance.now() - begun)
    } catch {
      this.#asked.failed += 1
    }
  }
}

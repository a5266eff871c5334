import type { Outcome, ServerCallers } from '../process/callers.js'
import type { ServerHost } from '../process/server-host.js'
import type { Ask } from '../protocol/server.js'

/** Reloads that a child makes for this process, with the callers of each. */
export class PassedOnReloads {
  readonly #host: ServerHost
  readonly #callers: ServerCallers
  readonly #asks: Array<readonly Ask[]> = []

  constructor(host: ServerHost, callers: ServerCallers) {
    this.#host = host
    this.#callers = callers
  }

  /** Returns the number by which the child answers. */
  add(asks: readonly Ask[]): number {
    return this.#asks.push(asks) - 1
  }

  learn(id: number, outcome: Outcome): void {
    for (const ask of this.#asks[id] ?? []) {
      this.#callers.learn(ask, outcome)
      this.#host.tell({ type: 'answered', ask })
    }
  }
}

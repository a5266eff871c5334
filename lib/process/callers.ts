import type { Ask } from '../protocol/server.js'
import type { ReloadResult } from '../reload/reload-result.js'

/** How a reload ended: its result, or the error that it failed with. */
export type Outcome = ReloadResult | Error

/** The callers that wait to hear how a reload ended. Each hears once. */
export class Callers {
  readonly #waiting = new Map<Ask, (outcome: Outcome) => void>()
  readonly #known = new Map<Ask, Outcome>()
  #lastAsk = 0

  /**
   * A caller, by its number, and what it will hear.
   *
   * @param heard - called first, before anything else happens
   */
  add(heard?: (outcome: Outcome) => void): [ask: Ask, outcome: Promise<ReloadResult>] {
    const ask = ++this.#lastAsk
    const outcome = new Promise<ReloadResult>((resolve, reject) => {
      this.#waiting.set(ask, (end) => {
        heard?.(end)
        if (end instanceof Error) reject(end)
        else resolve(end)
      })
    })
    outcome.catch(() => {}) // The caller may not listen.
    return [ask, outcome]
  }

  answer(asks: readonly Ask[], outcome: Outcome): void {
    for (const ask of asks) {
      this.#waiting.get(ask)?.(outcome)
      this.#waiting.delete(ask)
    }
  }

  /** Another process has told how the reload ended that a caller asked for. */
  learn(ask: Ask, outcome: Outcome): void {
    this.#known.set(ask, outcome)
  }

  /** Passes on what another process has told. */
  report(ask: Ask): void {
    const outcome = this.#known.get(ask)
    this.#known.delete(ask)
    if (outcome !== undefined) this.answer([ask], outcome)
  }
}

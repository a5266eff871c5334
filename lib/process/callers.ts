import type { Ask } from '../protocol/server.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ReloadResult } from '../reload/reload-result.js'

/** How a reload ended: its result, or the error that it failed with. */
export type Outcome<R = ReloadResult> = R | Error

/** The callers of a server process. */
export type ServerCallers = Callers<ReloadResult | CheckResult>

/** The callers that wait for the outcome of a reload, or of something else that has a result. Each gets it once. */
export class Callers<R = ReloadResult> {
  readonly #waiting = new Map<Ask, (outcome: Outcome<R>) => void>()
  readonly #known = new Map<Ask, Outcome<R>>()
  #lastAsk = 0

  /**
   * Adds a caller. Returns its number and the outcome that it will get.
   *
   * @param heard - called first, before anything else happens
   */
  add(heard?: (outcome: Outcome<R>) => void): [ask: Ask, outcome: Promise<R>] {
    const ask = ++this.#lastAsk
    const outcome = new Promise<R>((resolve, reject) => {
      this.#waiting.set(ask, (end) => {
        heard?.(end)
        if (end instanceof Error) reject(end)
        else resolve(end)
      })
    })
    outcome.catch(() => {}) // The caller may not listen.
    return [ask, outcome]
  }

  answer(asks: readonly Ask[], outcome: Outcome<R>): void {
    for (const ask of asks) {
      this.#waiting.get(ask)?.(outcome)
      this.#waiting.delete(ask)
    }
  }

  /** Another process has reported the outcome of a caller's reload. {@link report} passes it on. */
  learn(ask: Ask, outcome: Outcome<R>): void {
    this.#known.set(ask, outcome)
  }

  /** Passes the outcome that another process has reported on to the caller. */
  report(ask: Ask): void {
    const outcome = this.#known.get(ask)
    this.#known.delete(ask)
    if (outcome !== undefined) this.answer([ask], outcome)
  }
}

import type { ReloadResult } from './reload-result.js'

/** The one reload that follows the one under way, however many ask for it in the meantime. */
export class NextReload {
  #waiting: { result: Promise<ReloadResult>; begin: () => void } | undefined

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Whoever asks first says how the reload is made; all get its outcome. */
  ask(make: () => Promise<ReloadResult>): Promise<ReloadResult> {
    if (this.#waiting === undefined) {
      let begin!: () => void
      const result = new Promise<ReloadResult>((resolve) => {
        begin = () => resolve(make())
      })
      result.catch(() => {}) // Whoever asked hears of it; a signal has nobody who listens.
      this.#waiting = { result, begin }
    }
    return this.#waiting.result
  }

  /** Its turn has come, if anybody asked for it: it is made before this returns. */
  begin(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.begin()
  }
}

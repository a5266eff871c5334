import type { PassedHistory } from '../protocol/messages.js'
import type { ReloadHistory, ReloadRecord } from './reports.js'

/** The outcomes of the reloads of a service, over all of its generations. */
export class History {
  #counts = { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0 }
  #codes: Record<string, number> = {}
  #last: ReloadRecord | null = null
  #isTold = false

  /** A reload has ended. */
  add(record: ReloadRecord): void {
    if (this.#isTold) return
    this.#counts[record.outcome === 'rolled back' ? 'rolledBack' : record.outcome] += 1
    const { code } = record.error ?? {}
    if (code !== undefined) this.#codes[code] = (this.#codes[code] ?? 0) + 1
    this.#last = record
  }

  /** A server that crashed is started again. */
  restarted(): void {
    this.#counts.restarts += 1
  }

  /** Goes on from what the generation before has left. */
  inherit(history: PassedHistory): void {
    if (!this.#isTold) this.#take(history)
  }

  /**
   * The launcher reports the outcomes of the reloads of all workers, and will report each new one. From now on, its
   * reports are the history.
   */
  follow(history: PassedHistory): void {
    this.#isTold = true
    this.#take(history)
  }

  get report(): ReloadHistory {
    return { ...this.#counts, codes: { ...this.#codes }, last: this.#last }
  }

  #take({ last, codes = {}, ...counts }: PassedHistory): void {
    this.#counts = counts
    this.#codes = { ...codes }
    this.#last = last
  }
}

/** When something began that has taken so long, in milliseconds. */
export function beganBefore(duration: number): string {
  return new Date(Date.now() - duration).toISOString()
}

import type { ReloadHistory, ReloadRecord } from './messages.js'

/** What has become of the reloads of a service, over all of its generations. */
export class History {
  #counts = { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0 }
  #last: ReloadRecord | null = null

  /** A reload has ended. */
  add(record: ReloadRecord): void {
    this.#counts[record.outcome === 'rolled back' ? 'rolledBack' : record.outcome] += 1
    this.#last = record
  }

  /** A server that crashed is started again. */
  restarted(): void {
    this.#counts.restarts += 1
  }

  /** Goes on from what the generation before has left. */
  inherit({ last, ...counts }: ReloadHistory): void {
    this.#counts = counts
    this.#last = last
  }

  get report(): ReloadHistory {
    return { ...this.#counts, last: this.#last }
  }
}

/** When something began that has taken so long, in milliseconds. */
export function beganBefore(duration: number): string {
  return new Date(Date.now() - duration).toISOString()
}

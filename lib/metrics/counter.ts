import { type Counts, noCounts } from './counts.js'

/** Counts what happens in this process. */
export class Counter {
  readonly counts = noCounts()
  #open = 0

  /** How many connections are open. */
  get open(): number {
    return this.#open
  }

  /** What will have been counted when this process has ended, and with it what is open. */
  get atEnd(): Counts {
    return { ...this.counts, closed: this.counts.closed + this.#open }
  }

  opens(): void {
    this.counts.opened += 1
    this.#open += 1
  }

  /** @param hasMoved - it goes on in another process */
  closes(hasMoved: boolean): void {
    this.#open -= 1
    if (!hasMoved) this.counts.closed += 1
  }

  /** Lets in what has been opened in another process, where it was counted. */
  bring<T>(accept: () => T): T {
    const { opened } = this.counts
    try {
      return accept()
    } finally {
      this.counts.opened = opened
    }
  }

  moves(): void {
    this.counts.moved += 1
  }

  forces(requests: number, holds: number): void {
    this.counts.forcedRequests += requests
    this.counts.forcedHolds += holds
  }
}

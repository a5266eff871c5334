/** The launcher says something each second. If it says nothing for so long, it stands still. Milliseconds. */
export const LAUNCHER_PAUSE = 2500

/** When the launcher has said anything, on the clock of `performance.now()`. */
export class Pulse {
  #heardAt = 0
  /** Since when it has not stood still. */
  #steadyAt = 0

  /** It has just said something. */
  beat(now = performance.now()): void {
    if (now - this.#heardAt > LAUNCHER_PAUSE) this.#steadyAt = now
    this.#heardAt = now
  }

  /** The last time. */
  get heardAt(): number {
    return this.#heardAt
  }

  /**
   * Whether it has stood still since then, or does so now: what it was to pass on since may have waited there.
   */
  hasPaused(since: number, now = performance.now()): boolean {
    return this.#steadyAt > since || now - this.#heardAt > LAUNCHER_PAUSE
  }
}

/** The pause before the second of several restarts, and the longest one. Milliseconds. The first one is made at once. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000

/** A server that has run for so long did not crash quickly. Milliseconds. */
const LONG_ENOUGH = 10_000

/** After so many quick crashes in a row there is no hope. */
const MOST_QUICK_CRASHES = 6

/** When to start a server again that keeps crashing, and when to stop trying. */
export class Restarts {
  readonly longestPause = LONGEST_PAUSE
  #quickCrashes = 0

  /**
   * Takes note of a crash.
   *
   * @param lifetime - for how long the server had run, in milliseconds
   * @returns how long to wait before the next start, in milliseconds; undefined: give up
   */
  crashed(lifetime: number): number | undefined {
    this.#quickCrashes = lifetime < LONG_ENOUGH ? this.#quickCrashes + 1 : 1
    if (this.#quickCrashes >= MOST_QUICK_CRASHES) return undefined
    return this.#quickCrashes === 1 ? 0 : Math.min(FIRST_PAUSE * 2 ** (this.#quickCrashes - 2), LONGEST_PAUSE)
  }

  /** New code deserves a new count. */
  forget(): void {
    this.#quickCrashes = 0
  }
}

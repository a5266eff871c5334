/** How far the picture is behind, so that the requests of a message do not appear all at once. Milliseconds. */
const BEHIND = 300

/** The time of the live view, which runs on between two messages. */
export class Clock {
  #offset

  /** Notes the arrival of a message. The message that was on its way for the shortest time sets the clock. */
  set(now) {
    const offset = now - performance.now()
    this.#offset = Math.max(this.#offset ?? offset, offset)
  }

  get now() {
    return performance.now() + (this.#offset ?? 0) - BEHIND
  }
}

/**
 * A wait with a limit. After a stall of this process a timer fires before the events that came in time are read, so the event loop
 * polls once more before the wait counts as over.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  #poll: NodeJS.Immediate | undefined

  /**
   * Waits from now on, instead of what it waited for before.
   *
   * @param duration - milliseconds
   */
  set(duration: number, due: () => void): void {
    this.clear()
    this.#timer = setTimeout(() => {
      this.#poll = setImmediate(due)
    }, duration)
  }

  clear(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#poll)
  }
}

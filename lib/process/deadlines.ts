/** setTimeout takes no more: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST = 2 ** 31 - 1

interface Wait {
  timer?: NodeJS.Timeout
}

/**
 * The limits of what a machine waits for. After a stall (a blocked loop, SIGSTOP) a timer fires before what has come in the
 * meantime is read. So a limit that is over lets the event loop poll first, and is forgotten if what comes then cancels it.
 */
export class Deadlines<T extends string = string> {
  readonly #durationOf: (name: T) => number | Promise<unknown>
  readonly #due: (name: T) => void
  readonly #waits = new Map<T, Wait>()

  /** @param durationOf - milliseconds, or what to wait for instead, where the wait does not say it itself */
  constructor(durationOf: (name: T) => number | Promise<unknown>, due: (name: T) => void) {
    this.#durationOf = durationOf
    this.#due = due
  }

  /** Begins to wait, anew if it did already. */
  wait(name: T, duration = this.#durationOf(name)): void {
    this.cancel(name)
    const wait: Wait = {}
    this.#waits.set(name, wait)
    const over = () => this.#over(name, wait)
    if (typeof duration === 'number') wait.timer = setTimeout(over, Math.min(duration, LONGEST))
    else void duration.then(over, over)
  }

  cancel(name: T): void {
    clearTimeout(this.#waits.get(name)?.timer)
    this.#waits.delete(name)
  }

  /** Two turns: the first immediate runs when the loop has polled, the second when it has polled once more for what that brought. */
  #over(name: T, wait: Wait): void {
    setImmediate(() => setImmediate(() => this.#fire(name, wait)))
  }

  #fire(name: T, wait: Wait): void {
    if (this.#waits.get(name) !== wait) return
    this.#waits.delete(name)
    this.#due(name)
  }
}

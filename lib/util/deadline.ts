/**
 * setTimeout takes at most a signed 32-bit number of milliseconds:
 * https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
 */
export const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A wait with a limit. After a stall (a blocked loop, SIGSTOP) a timer fires before what has come in the meantime is
 * read. So a limit that is over lets the event loop poll first, and is forgotten if what comes then clears it.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  /** Which wait this is: an earlier one that is over means nothing any more. */
  #wait = 0

  /**
   * Waits from now on, instead of what it waited for before.
   *
   * @param limit - milliseconds, or what to wait for
   */
  set(limit: number | Promise<unknown>, due: () => void): void {
    this.clear()
    const wait = this.#wait
    const over = () => whenHeard(() => wait === this.#wait && due())
    if (typeof limit === 'number') this.#timer = setTimeout(over, Math.min(limit, LONGEST_TIMER))
    else void limit.then(over, over)
  }

  clear(): void {
    this.#wait += 1
    clearTimeout(this.#timer)
  }
}

/** The limits of what a machine waits for, by name. */
export class Deadlines<T extends string = string> {
  readonly #waits = new Map<T, Deadline>()
  readonly #due: (name: T, since: number) => void

  /** @param due - also gets since when it has waited, on the clock of `performance.now()` */
  constructor(due: (name: T, since: number) => void) {
    this.#due = due
  }

  /** Begins to wait; if it waits already, from the beginning. See {@link Deadline}. */
  wait(name: T, limit: number | Promise<unknown>): void {
    this.cancel(name)
    const since = performance.now()
    const deadline = new Deadline()
    this.#waits.set(name, deadline)
    deadline.set(limit, () => {
      this.#waits.delete(name)
      this.#due(name, since)
    })
  }

  cancel(name: T): void {
    this.#waits.get(name)?.clear()
    this.#waits.delete(name)
  }

  clear(): void {
    for (const name of [...this.#waits.keys()]) this.cancel(name)
  }
}

/**
 * Calls back when all that has come by now has been read. The first immediate runs when the loop has polled, the second
 * when it has polled once more for what that brought.
 */
export function whenHeard(callback: () => void): void {
  setImmediate(() => setImmediate(callback))
}

import type { Timer } from '../protocol/launcher.js'

/** Those that belong to a server and end with it. */
const OF_SERVERS: readonly Timer[] = ['boot', 'steady', 'stop', 'force', 'kill', 'silence']

/** The waits of a launcher, each known by its name and by the number of what it belongs to. */
export class Timers {
  readonly #due: (timer: Timer, id: number) => void
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(due: (timer: Timer, id: number) => void) {
    this.#due = due
  }

  /** Waits, from now on. Milliseconds. */
  wait(timer: Timer, id: number, duration: number): void {
    const key = `${timer} ${id}`
    this.cancel(timer, id)
    const end = () => {
      if (this.#timers.get(key) !== started) return
      this.#timers.delete(key)
      this.#due(timer, id)
    }
    // After a stall of this process, what was said meanwhile is read before it counts as missing.
    const started = setTimeout(() => setImmediate(end), duration)
    this.#timers.set(key, started)
  }

  cancel(timer: Timer, id: number): void {
    const key = `${timer} ${id}`
    clearTimeout(this.#timers.get(key))
    this.#timers.delete(key)
  }

  /** A server has ended. */
  forget(server: number): void {
    for (const timer of OF_SERVERS) this.cancel(timer, server)
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}

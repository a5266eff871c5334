import { setTimeout as delay } from 'node:timers/promises'
import { askOnce } from './ask-once.js'

/**
 * How often a page sends a request, each on its own connection, even if the one before is not answered.
 * Milliseconds.
 */
export const POLL = 20
/** How long what a page waits for may take. Milliseconds. */
export const LIMIT = 60_000

/** A page that polls, and never asks for the same a second time. */
export class Page {
  failed = 0
  /** When each answer came. */
  readonly answers: number[] = []
  readonly #port: number
  readonly #versions = new Map<number, number>()
  readonly #running: Promise<void>
  #isOver = false

  constructor(port: number) {
    this.#port = port
    this.#running = this.#run()
  }

  /** Waits for the first answer with this version; returns when it came. */
  async sees(version: number): Promise<number> {
    const limit = performance.now() + LIMIT
    while (!this.#versions.has(version)) {
      if (performance.now() > limit) throw new Error(`version ${version} did not show within ${LIMIT} ms`)
      await delay(1)
    }
    return this.#versions.get(version) as number
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    const open = new Set<Promise<void>>()
    while (!this.#isOver) {
      const asked = this.#ask().finally(() => open.delete(asked))
      open.add(asked)
      await delay(POLL)
    }
    await Promise.all(open)
  }

  async #ask(): Promise<void> {
    try {
      const { version } = (await askOnce(this.#port, '/')) as { version: number }
      const now = performance.now()
      this.answers.push(now)
      if (!this.#versions.has(version)) this.#versions.set(version, now)
    } catch {
      this.failed += 1
    }
  }
}

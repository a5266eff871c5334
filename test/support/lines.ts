import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { within } from './limit.js'

/** Lines of JSON, as they come. */
export class Lines<T> {
  readonly all: T[] = []
  /** Resolves at their end. */
  readonly ended: Promise<void>
  readonly #watchers = new Set<() => void>()

  constructor(input: Readable) {
    const reader = createInterface({ input })
    this.ended = new Promise((resolve) => {
      reader.once('close', resolve)
    })
    reader.on('line', (line) => {
      this.all.push(JSON.parse(line))
      for (const watcher of this.#watchers) watcher()
    })
  }

  /** The first that passes the test, past or future. */
  async find(what: string, test: (line: T) => boolean): Promise<T> {
    let watcher = () => {}
    const found = new Promise<T>((resolve) => {
      watcher = () => {
        const line = this.all.find(test)
        if (line !== undefined) resolve(line)
      }
    })
    this.#watchers.add(watcher)
    watcher()
    try {
      return await within(found, what, () => JSON.stringify(this.all))
    } finally {
      this.#watchers.delete(watcher)
    }
  }
}

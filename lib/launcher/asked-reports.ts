import type { FromLauncher } from '../protocol/launcher-messages.js'
import { Deadline } from '../util/deadline.js'

/** How long a server may take to report. Milliseconds. */
export const REPORT_LIMIT = 1000

/** The reports that were requested from a server and that it has not sent yet. */
export class AskedReports<R> {
  readonly #tell: (message: FromLauncher) => void
  readonly #asked: Array<(report: R) => void> = []

  constructor(tell: (message: FromLauncher) => void) {
    this.#tell = tell
  }

  /** Resolves with undefined if the server does not answer in time. */
  ask(): Promise<R | undefined> {
    return new Promise((resolve) => {
      const deadline = new Deadline()
      deadline.set(REPORT_LIMIT, () => resolve(undefined))
      // Answers come in the order of the questions, also late ones.
      this.#asked.push((report) => {
        deadline.clear()
        resolve(report)
      })
      this.#tell({ type: 'report' })
    })
  }

  heard(report: R): void {
    this.#asked.shift()?.(report)
  }
}

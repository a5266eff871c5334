import type { RestartStatus } from '../control/reports.js'
import type { WorkerId } from '../protocol/launcher.js'
import type { Server } from './server.js'

interface Restart {
  readonly count: number
  readonly lost: Server | undefined
  /** When the next server starts, on the clock of `performance.now()`. */
  readonly at: number
}

/** The restarts of each worker: how often another server was started, and why. */
export class Restarts {
  readonly #known = new Map<WorkerId, Restart>()

  /**
   * Another server starts in place of one that crashed.
   *
   * @param pause - until then, in milliseconds
   */
  add(worker: WorkerId, lost: Server | undefined, pause: number): void {
    const count = (this.#known.get(worker)?.count ?? 0) + 1
    this.#known.set(worker, { count, lost, at: performance.now() + pause })
  }

  /** There are no other workers any more. */
  keep(workers: readonly WorkerId[]): void {
    for (const worker of this.#known.keys()) if (!workers.includes(worker)) this.#known.delete(worker)
  }

  /** @param isPausing - whether the next server has yet to be started */
  of(worker: WorkerId, isPausing: boolean): RestartStatus {
    const { count = 0, lost, at = 0 } = this.#known.get(worker) ?? {}
    const { exitCode, signal } = lost?.ending ?? { exitCode: null, signal: null }
    return {
      count,
      ...(lost !== undefined && { last: { pid: lost.pid, exitCode, signal } }),
      ...(isPausing && { next: Math.max(0, Math.round(at - performance.now())) })
    }
  }
}

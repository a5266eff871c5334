import { positionOf, type ReloadPosition } from '../control/reports.js'
import type { Share } from '../protocol/launcher.js'
import type { ReloadStep } from '../protocol/reload-step.js'
import type { Workers } from './workers.js'

/** As far as the launcher knows; while a server makes its share, that one knows better. */
const STEPS: Readonly<Record<Share['stage'], ReloadStep>> = {
  waiting: 'waiting',
  asking: 'preparing',
  making: 'booting',
  'handed over': 'probation',
  passed: 'confirming',
  killing: 'preparing',
  restarting: 'booting',
  restarted: 'confirming',
  closing: 'confirming',
  over: 'confirming'
}

/** Tells how far the reload of all workers has come. */
export class RollWatch {
  readonly #workers: Workers
  #begun = 0

  constructor(workers: Workers) {
    this.#workers = workers
  }

  /** A reload begins. */
  begin(): void {
    this.#begun = performance.now()
  }

  /** The callers of the reload under way: another list for each reload. */
  get id(): unknown {
    return this.#workers.roll?.asks
  }

  /** The position of the worker whose turn it is. */
  get position(): Promise<ReloadPosition | undefined> {
    return this.#positionNow()
  }

  /** For how long it has been under way. Milliseconds. */
  get elapsed(): number {
    return Math.round(performance.now() - this.#begun)
  }

  async #positionNow(): Promise<ReloadPosition | undefined> {
    const { roll, count } = this.#workers
    const share = roll?.shares.at(-1)
    if (roll === undefined || share === undefined) return undefined
    const { reason, stage } = roll
    const step = stage === 'undoing' ? 'rolling back' : STEPS[share.stage]
    const turn = count > 1 ? { worker: roll.shares.length, workers: count } : {}
    const own = { reason, elapsed: this.elapsed, ...turn }
    const isAtWork = share.stage === 'making' || share.stage === 'handed over'
    const report = isAtWork ? await this.#workers.find(share.server)?.report() : undefined
    const told = positionOf(report?.status.reload)
    return { step, ...told, ...(stage === 'undoing' && { step }), ...own }
  }
}

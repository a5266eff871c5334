import type { Migration } from '../connections/move-out.js'
import type { ReloadUnderWay } from '../control/messages.js'
import { ReadyTimeoutError, RolledBackError, StoppingError, toError, VetoedError } from '../errors.js'
import type { Service } from '../process/service.js'
import { unless } from '../util/unless.js'
import { shareCompileCache } from './compile-cache.js'
import { Handover } from './handover.js'
import { Probation } from './probation.js'
import type { ReloadResult } from './reload-result.js'
import type { Supervision } from './supervision.js'
import { letTakeOver } from './take-over.js'

/** One reload, seen from the parent. */
export class Reload {
  readonly reason: string
  /** The outcome, once the probation is over. Rejects when the reload failed or was rolled back. */
  readonly result: Promise<ReloadResult>
  /** Resolves when it is clear which process serves, or that none shall. */
  readonly handedOver: Promise<boolean>
  readonly #service: Service
  readonly #abandon = new AbortController()
  readonly #started = performance.now()
  #handover: Handover | undefined
  #decide!: (handedOver: boolean) => void
  #probation: Probation | undefined

  readonly #supervision: Supervision | undefined

  /** @param supervision - of a reload that is one of several */
  constructor(service: Service, reason: string, supervision?: Supervision) {
    this.#service = service
    this.reason = reason
    this.#supervision = supervision
    this.handedOver = new Promise((resolve) => {
      this.#decide = resolve
    })
    service.enter('reloading')
    service.notices.reloading()
    this.result = this.#run()
    this.result.catch(() => {}) // Whoever asked hears of it; a signal has nobody who listens.
  }

  /** The child, once there is one. */
  get handover(): Handover | undefined {
    return this.#handover
  }

  /** The connections that move, once the child serves. */
  get migration(): Migration | undefined {
    return this.#probation?.migration
  }

  /** How many connections have moved. */
  get migrated(): number {
    return this.migration?.migrated ?? 0
  }

  /** What there is to say of it while it goes on. */
  get report(): ReloadUnderWay {
    const { reason, migrated } = this
    const elapsed = Math.round(performance.now() - this.#started)
    const child = this.#handover && { child: this.#handover.child.pid }
    return { role: 'parent', reason, ...child, migrated, elapsed }
  }

  /**
   * This process is told to stop. A child that does not serve yet is ended; the probation of one that does is over.
   * Resolves with whether the child serves.
   */
  abandon(reason: string): Promise<boolean> {
    this.#abandon.abort(new StoppingError(reason))
    return this.handedOver
  }

  async #run(): Promise<ReloadResult> {
    try {
      const timings = await this.#handOver()
      this.#decide(true)
      const probation = await (this.#probation as Probation).pass(this.#abandon.signal)
      return this.#result({ ...timings, probation, total: performance.now() - this.#started })
    } catch (thrown) {
      const error = toError(thrown)
      if (this.#service.phase === 'reloading') this.#service.enter('serving')
      this.#decide(false)
      if (this.#service.phase === 'serving') await this.#tellOfFailure(error)
      throw error
    }
  }

  async #handOver(): Promise<{ boot: number; handoff: number }> {
    const { readyTimeout } = this.#service.options
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new ReadyTimeoutError(readyTimeout)), readyTimeout)
    const interrupts = { limit: limit.signal, abandoned: this.#abandon.signal }
    try {
      const isOver = AbortSignal.any([limit.signal, this.#abandon.signal])
      await unless(this.#askHooks(isOver), isOver)
      const spawned = performance.now()
      const handover = await this.#begin()
      const { ready, serving } = await letTakeOver(this.#service, handover, interrupts)
      this.#probation = new Probation(this.#service, handover, this.#supervision)
      this.#service.notices.handedOver()
      return { boot: ready - spawned, handoff: serving - ready }
    } finally {
      clearTimeout(timer)
    }
  }

  async #askHooks(until: AbortSignal): Promise<void> {
    try {
      for (const { hooks } of this.#service.members) await hooks.run('preReload', { reason: this.reason }, until)
    } catch (cause) {
      throw Object.assign(new VetoedError(toError(cause).message), { cause })
    }
  }

  async #begin(): Promise<Handover> {
    const { command, listeners, options, generation, startChild } = this.#service
    const again = command.again(options.env)
    const warning = shareCompileCache(again, options.compileCache)
    if (warning !== undefined) this.#service.warnOnce(warning)
    const handover = await Handover.begin(again, generation + 1, listeners.handable(), startChild)
    this.#handover = handover
    this.#service.announce('reload-started', { reason: this.reason, child: handover.child.pid })
    return handover
  }

  async #tellOfFailure(err: Error): Promise<void> {
    this.#service.announce(err instanceof RolledBackError ? 'rolled-back' : 'reload-failed', {
      err,
      reason: this.reason
    })
    await this.#service.notices.reloadFailed(err)
    await this.#service.tellHooks('reloadFailed', err)
  }

  #result(timings: ReloadResult['timings']): ReloadResult {
    const { generation } = this.#service
    return {
      generation: generation + 1,
      pid: (this.#handover as Handover).child.pid,
      previous: { generation, pid: process.pid },
      migrated: this.migrated,
      reason: this.reason,
      timings: roundTimings(timings)
    }
  }
}

function roundTimings(timings: ReloadResult['timings']): ReloadResult['timings'] {
  const entries = Object.entries(timings).map(([name, value]) => [name, Math.round(value * 10) / 10])
  return Object.fromEntries(entries) as ReloadResult['timings']
}

import type { ReloadUnderWay } from '../control/messages.js'
import {
  type ChildExitedDetails,
  ChildExitedError,
  RolledBackError,
  StoppingError,
  UnsupportedError
} from '../errors.js'
import type { Service } from '../process/service.js'
import type { Departure } from '../process/shutdown.js'
import { isLeaving } from '../protocol/phases.js'
import { NextReload } from './next-reload.js'
import { Reload } from './reload.js'
import type { ReloadResult } from './reload-result.js'
import type { Supervision } from './supervision.js'

/** What the reloads of a process ask and tell. */
export interface ReloadsEvents {
  /** Whether the parent of this process may still come back: no reload before that is settled. */
  mustWait(): boolean
  /** A successor serves, and this process has left nothing in hand. */
  left(): void
}

/** The reloads of this process: one at a time, and one more if somebody asks for it in the meantime. */
export class Reloads {
  readonly #service: Service
  readonly #departure: Departure
  readonly #events: ReloadsEvents
  readonly #next = new NextReload()
  /** Failures that the log has already: several signals may have asked for the reload that failed. */
  readonly #told = new WeakSet<Error>()
  #current: Reload | undefined
  /** A reload has handed the service over for good. */
  #hasSuccessor = false

  constructor(service: Service, departure: Departure, events: ReloadsEvents) {
    this.#service = service
    this.#departure = departure
    this.#events = events
  }

  /** The reload under way, or the last one. */
  get current(): Reload | undefined {
    return this.#current
  }

  /** The reload under way, for reports; undefined if there is none, or no longer. */
  get underWay(): ReloadUnderWay | undefined {
    const { phase } = this.#service
    return phase === 'reloading' || phase === 'handed over' ? this.#current?.report : undefined
  }

  /**
   * Reloads. A reload that is asked for while another one runs follows it, once, however many asked for it; the newest
   * generation makes it.
   */
  ask(reason: string): Promise<ReloadResult> {
    const { phase, launcher } = this.#service
    if (launcher !== undefined) return this.#departure.isStopping ? this.#passOn(reason) : launcher.ask(reason)
    if (this.#departure.isStopping || this.#hasSuccessor || isLeaving(phase)) return this.#passOn(reason)
    if (phase === 'serving' && !this.#events.mustWait()) return this.#begin(reason)
    return this.#queue(reason)
  }

  /**
   * Makes the share of this process in a reload that its launcher has begun.
   *
   * @throws {StoppingError}
   */
  make(reason: string, supervision: Supervision): Promise<ReloadResult> {
    if (this.#service.phase !== 'serving') return Promise.reject(new StoppingError(this.#service.phase))
    return this.#begin(reason, supervision)
  }

  /** What kept a reload waiting is over. */
  proceed(): void {
    this.#next.begin()
  }

  #begin(reason: string, supervision?: Supervision): Promise<ReloadResult> {
    this.#service.surroundings.tellAtReload((warning) => this.#service.warn(warning))
    const reload = new Reload(this.#service, reason, supervision)
    this.#current = reload
    const outcome = this.#follow(reload)
    outcome.catch(() => {}) // Whoever asked hears of it; a signal has nobody who listens.
    return outcome
  }

  /** Whoever asked learns the outcome when the drain has begun: then the answer to an admin says `Connection: close`. */
  async #follow(reload: Reload): Promise<ReloadResult> {
    try {
      const result = await reload.result
      this.#hasSuccessor = true
      // The child is not told before that it is settled: so it makes one reload of all that the two were asked for.
      this.#next.begin()
      await this.#succeeded(reload, result)
      return result
    } catch (error) {
      this.#told.add(error as Error)
      // If one of the two was told to stop, neither comes back.
      this.#hasSuccessor = !(error instanceof RolledBackError) && (await reload.handedOver)
      if (this.#hasSuccessor && !this.#departure.isStopping) this.#stopWithChild(reload)
      this.#hearSignalOfChild(error)
      throw error
    } finally {
      this.#next.begin()
      if (this.#hasSuccessor && !this.#departure.isStopping) this.#leaveAfterReload(reload)
    }
  }

  /** A child that cannot listen to signals yet is ended by one that asks for a reload: that is no less a request. */
  #hearSignalOfChild(error: unknown): void {
    const { signals } = this.#service.options
    const signal = error instanceof ChildExitedError ? (error as unknown as ChildExitedDetails).signal : null
    if (signal === null || signals === false || !signals.reload.includes(signal)) return
    this.#queue(signal).catch((err) => this.tell(signal, err))
  }

  /** A child that was told to stop on its probation takes this process with it, and may be the last to go. */
  #stopWithChild({ handover, migration }: Reload): void {
    migration?.stop()
    if (handover === undefined) return
    this.#departure.stoppedChild = handover.child
    this.#service.notices.stoppingWith(handover.child.pid, this.#departure.limit)
  }

  async #succeeded(reload: Reload, result: ReloadResult): Promise<void> {
    await this.#service.notices.reloadSucceeded(result.pid)
    // Not waited for: a child that hangs may leave it unread, and one whose parent is gone knows without it.
    reload.handover?.child.send({ type: 'settled' }).catch(() => {})
    this.#service.announce('reload-succeeded', { result })
    await this.#service.tellHooks('postReload', result)
  }

  #leaveAfterReload({ migration }: Reload): void {
    const { left } = this.#events
    this.#departure.leave('reloaded', { idle: 'own timeout', moving: migration }).then(left, left)
  }

  #queue(reason: string): Promise<ReloadResult> {
    if (!this.#next.isWaiting) this.#service.announce('reload-queued', { reason })
    return this.#next.ask(() => this.ask(reason))
  }

  /** This process has a successor already: the reload is its to make. */
  async #passOn(reason: string): Promise<ReloadResult> {
    const handover = this.#current?.handover
    if (this.#departure.isStopping || handover === undefined || handover.child.hasEnded)
      throw new StoppingError(this.#service.phase)
    return handover.passOn(reason)
  }

  /** Writes the failure of a reload that a signal asked for and that never began to the log, once. */
  tell(signal: string, err: Error): void {
    if (this.#told.has(err) || !(err instanceof UnsupportedError || err instanceof StoppingError)) return
    this.#told.add(err)
    this.#service.announce('reload-failed', { err, reason: signal })
  }
}

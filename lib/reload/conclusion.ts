import { toControlFailure } from '../control/failure.js'
import { beganBefore } from '../control/history.js'
import type { ReloadRecord } from '../control/reports.js'
import { BadHandoffError, ReadyTimeoutError, RolledBackError, StoppingError, toGracefulError } from '../errors.js'
import type { Outcome, ServerCallers } from '../process/callers.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import type { ChildId, Effect, Failure, Reload } from '../protocol/server.js'
import { toError } from '../util/to-error.js'
import { CheckConclusion } from './check-conclusion.js'
import type { ParentRole } from './parent-role.js'
import { isSameRelease } from './release.js'
import type { ReachedTimings, ReloadResult } from './reload-result.js'

/** Why a reload is undone that has not failed itself. */
export const UNDONE = 'the reload of another worker failed'

/** The outcome of a reload: the result or the error, for hooks, log, service manager and callers. */
export class Conclusion {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #callers: ServerCallers
  readonly #parent: ParentRole
  #checks: CheckConclusion | undefined
  /** Failures that the log has already: several signals may have requested the reload that failed. */
  readonly #logged = new WeakSet<Error>()
  readonly #outcomes = new WeakMap<Reload, Outcome>()
  /** How long the steps took of reloads that failed. */
  readonly #failedTimings = new WeakMap<Error, ReachedTimings>()
  /** How the reload of another worker failed, for which the launcher wants this one undone. */
  undoneBy: Error | undefined

  constructor(service: Service, host: ServerHost, callers: ServerCallers, parent: ParentRole) {
    this.#service = service
    this.#host = host
    this.#callers = callers
    this.#parent = parent
  }

  /**
   * Reports the outcome to the service manager, the log and the hooks, in this order. The callers get it when the
   * machine says so.
   */
  async conclude({ reload, child, failure }: Extract<Effect, { do: 'conclude' }>): Promise<void> {
    this.#parent.endHealth()
    try {
      if (failure === undefined) await this.#succeeded(reload, child)
      else await this.#failed(reload, child, failure)
    } finally {
      this.#host.tell({ type: 'concluded', child })
    }
  }

  /** The same of a check. */
  concludeCheck(effect: Extract<Effect, { do: 'conclude check' }>): Promise<void> {
    this.#checks ??= new CheckConclusion(this.#service, this.#host, this.#callers, this.#parent)
    return this.#checks.conclude(effect)
  }

  answer(reload: Reload): void {
    if (this.#checks?.answer(reload) === true) return
    const outcome = this.#outcomes.get(reload) ?? new StoppingError('the outcome could not be reported in time')
    this.#callers.answer(reload.asks, outcome)
  }

  /** How long the steps took that a reload reached which failed with this error, if it was made here. */
  timingsOf(error: unknown): ReachedTimings | undefined {
    return error instanceof Error ? this.#failedTimings.get(error) : undefined
  }

  /** The error of a reload whose child served and was taken back, with what both had answered. */
  rolledBack(how: string): Error {
    const { health } = this.#parent
    return Object.assign(new RolledBackError(how), health && { health })
  }

  /** Writes the failure of a reload that a signal requested to the log, once. */
  logFailure(reason: string, err: Error): void {
    if (this.#logged.has(err)) return
    this.#logged.add(err)
    this.#service.log.announce('reload-failed', { err: toGracefulError(err), reason })
  }

  async #succeeded(reload: Reload, child: ChildId): Promise<void> {
    const result = this.#resultOf(reload, child)
    this.#outcomes.set(reload, result)
    this.#record(reload, 'succeeded', result.timings, undefined, result.unchanged)
    this.#parent.successors.send(child, { type: 'history', history: this.#service.history.report })
    this.#service.log.announce('reload-succeeded', { result })
    await this.#service.notices.reloadSucceeded(result.pid)
    this.#host.tell({ type: 'noted', child })
    await this.#service.tellHooks('postReload', result)
  }

  async #failed(reload: Reload, child: ChildId, failure: Failure): Promise<void> {
    const { reason } = reload
    const err = toGracefulError(await this.#errorOf(child, failure))
    this.#outcomes.set(reload, err)
    const timings = this.#timingsOf(child)
    this.#failedTimings.set(err, timings)
    this.#record(reload, failure.kind === 'rolled back' ? 'rolled back' : 'failed', timings, err)
    this.#logged.add(err)
    this.#service.log.announce(failure.kind === 'rolled back' ? 'rolled-back' : 'reload-failed', { err, reason })
    await this.#service.notices.reloadFailed(err)
    this.#host.tell({ type: 'noted', child })
    await this.#service.tellHooks('reloadFailed', err)
  }

  async #errorOf(child: ChildId, failure: Failure): Promise<Error> {
    const successor = this.#parent.successors.get(child)
    switch (failure.kind) {
      case 'vetoed':
      case 'not started':
      case 'bad handoff':
      case 'no state':
        return toError(failure.error)
      case 'exited':
        return (await successor?.failure()) ?? new BadHandoffError('the child is gone')
      case 'late':
        return new ReadyTimeoutError(this.#parent.readyTimeout)
      case 'rolled back': {
        const { exitCode = null, signal = null } = successor?.ending ?? {}
        // The request to undo may have found nothing to undo, or a child that had already failed.
        const cause = failure.how.includes(UNDONE) && this.undoneBy && { cause: this.undoneBy }
        return Object.assign(this.rolledBack(failure.how), { exitCode, signal }, cause)
      }
      case 'stopping':
      case 'cancelled':
        return new StoppingError(failure.reason)
      default:
        return failure satisfies never
    }
  }

  #record(
    { reason }: Reload,
    outcome: ReloadRecord['outcome'],
    timings: ReachedTimings,
    err?: Error,
    unchanged?: boolean
  ): void {
    const { generation, history } = this.#service
    const began = beganBefore(timings.total)
    const { code, message } = toControlFailure(err)
    const why = err && { error: { code, message } }
    const loaded = unchanged !== undefined && { unchanged }
    history.add({ began, reason, outcome, generation: generation + 1, timings, ...loaded, ...why })
  }

  /** The timings of a reload that has failed, of the steps that it reached. */
  #timingsOf(child: ChildId): ReachedTimings {
    const { started = 0, ready = 0, serving = 0 } = this.#parent.successors.get(child)?.times ?? {}
    const now = performance.now()
    return roundTimings({
      ...(ready > 0 && { boot: ready - started }),
      ...(serving > 0 && { handoff: serving - ready, probation: now - serving }),
      total: now - this.#parent.begun
    })
  }

  #resultOf({ reason }: Reload, child: ChildId): ReloadResult {
    const { generation, migration } = this.#service
    const { health } = this.#parent
    const successor = this.#parent.successors.get(child)
    const release = successor?.release
    const { boot = 0, handoff = 0, probation = 0, total } = this.#timingsOf(child)
    return {
      generation: generation + 1,
      pid: successor?.pid ?? 0,
      previous: { generation, pid: process.pid },
      ...(release && { release, unchanged: isSameRelease(release, this.#service.command.release) }),
      migrated: migration?.migrated ?? 0,
      reason,
      timings: { boot, handoff, probation, total },
      ...(health && { health })
    }
  }
}

function roundTimings(timings: ReachedTimings): ReachedTimings {
  const entries = Object.entries(timings).map(([name, value]) => [name, Math.round(value * 10) / 10])
  return Object.fromEntries(entries) as ReachedTimings
}

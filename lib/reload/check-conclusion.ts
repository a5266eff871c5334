import { BadHandoffError, NoCheckError, ReadyTimeoutError, toGracefulError } from '../errors.js'
import type { Outcome, ServerCallers } from '../process/callers.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import type { ChildId, Effect, Failure, Reload } from '../protocol/server.js'
import { toError } from '../util/to-error.js'
import type { CheckResult } from './check-result.js'
import type { ParentRole } from './parent-role.js'
import { isSameRelease } from './release.js'
import type { Successor } from './successor.js'

/** How a check ended: the result or the error, for the log and for the caller. A check does not count as a reload. */
export class CheckConclusion {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #callers: ServerCallers
  readonly #parent: ParentRole
  readonly #outcomes = new WeakMap<Reload, Outcome<CheckResult>>()

  constructor(service: Service, host: ServerHost, callers: ServerCallers, parent: ParentRole) {
    this.#service = service
    this.#host = host
    this.#callers = callers
    this.#parent = parent
  }

  async conclude({ check, child, failure }: Extract<Effect, { do: 'conclude check' }>): Promise<void> {
    const total = performance.now() - this.#parent.checkBegun
    try {
      const result = failure === undefined ? this.#resultOf(check, child, total) : undefined
      if (result === undefined) await this.#failed(check, child, failure ?? { kind: 'exited' })
      else {
        this.#outcomes.set(check, result)
        this.#service.log.announce('check-succeeded', { result })
      }
    } finally {
      this.#host.tell({ type: 'concluded', child })
    }
  }

  /** Answers the callers, if it was a check. Returns whether it was one. */
  answer(check: Reload): boolean {
    const outcome = this.#outcomes.get(check)
    if (outcome !== undefined) this.#callers.answer(check.asks, outcome)
    return outcome !== undefined
  }

  async #failed(check: Reload, child: ChildId, failure: Failure): Promise<void> {
    const err = toGracefulError(await this.#errorOf(child, failure))
    this.#outcomes.set(check, err)
    this.#service.log.announce('check-failed', { err, reason: check.reason })
  }

  async #errorOf(child: ChildId, failure: Failure): Promise<Error> {
    switch (failure.kind) {
      case 'late':
        return new ReadyTimeoutError(this.#parent.readyTimeout)
      case 'exited':
        return (await this.#parent.successors.get(child)?.failure()) ?? new BadHandoffError('the child is gone')
      case 'not started':
      case 'bad handoff':
      case 'no state':
        return toError(failure.error)
      case 'cancelled':
        return new NoCheckError(failure.reason)
      default:
        return new NoCheckError(failure.kind)
    }
  }

  #resultOf({ reason }: Reload, child: ChildId, total: number): CheckResult | undefined {
    const successor = this.#parent.successors.get(child)
    if (successor?.release === undefined) return undefined
    const { release, facts } = successor
    const { generation, command } = this.#service
    return {
      generation: generation + 1,
      pid: successor.pid,
      release,
      unchanged: isSameRelease(release, command.release),
      opens: facts?.opens ?? [],
      closes: facts?.closes ?? [],
      closed: successor.ending?.exitCode === 0,
      complete: facts !== undefined,
      reason,
      timings: timingsOf(successor, total)
    }
  }
}

function timingsOf({ times, facts }: Successor, total: number): CheckResult['timings'] {
  const { started, ready, checked } = times
  const warmup = facts?.warmup
  return {
    boot: round(ready - started),
    ...(warmup !== undefined && { warmup: round(warmup) }),
    end: round(performance.now() - (checked || ready)),
    total: round(total)
  }
}

function round(duration: number): number {
  return Math.round(duration * 10) / 10
}

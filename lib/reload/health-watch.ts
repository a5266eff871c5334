import { AnswerCount } from '../connections/answer-count.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import {
  type Answers,
  beginWatch,
  NOTHING,
  total,
  type Verdict,
  type Watch,
  type WatchEffect,
  type WatchInput,
  watch
} from '../protocol/health.js'
import type { ChildId } from '../protocol/server.js'
import { Deadlines } from '../util/deadline.js'
import type { ReloadHealth } from './reload-health.js'

type Wait = Extract<WatchEffect, { do: 'wait' }>['for']

/** How often the parent asks a child. Milliseconds. */
const LOOK_INTERVAL = 200

/** The child of a reload, judged by its parent: what the machine in `protocol/health.ts` wants is done here. */
export class HealthWatch {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #count: AnswerCount
  readonly #deadlines = new Deadlines<Wait>((wait) => this.#due(wait))
  #watch: Watch | undefined
  #child: { readonly id: ChildId; ask(): void } | undefined
  #answers = NOTHING
  #askedAt = 0

  /** Counts what this process answers from now on, as that is what the child is compared with. */
  constructor(service: Service, host: ServerHost) {
    this.#service = service
    this.#host = host
    const all = service.connections.of(() => true)
    const older = new WeakSet(all.flatMap((one) => [...one.open].filter((socket) => !one.isUnused(socket))))
    this.#count = new AnswerCount(all, (socket) => older.has(socket))
  }

  /** The child serves. */
  begin(id: ChildId, ask: () => void): void {
    this.#child = { id, ask }
    this.#go(beginWatch())
  }

  /** A child has reported its answers. One that was rolled back earlier may still do so. */
  heard(id: ChildId, child: Answers): void {
    if (this.#child?.id !== id) return
    this.#answers = child
    this.#deadlines.clear()
    this.#tell({ type: 'reported', child, parent: this.#count.answers })
  }

  end(): void {
    this.#watch = undefined
    this.#deadlines.clear()
    this.#count.end()
  }

  /** The answers of both, as far as this process knows. */
  get figures(): ReloadHealth {
    return { child: total(this.#answers), parent: total(this.#count.answers) }
  }

  #tell(input: WatchInput): void {
    const { health } = this.#service.options
    if (this.#watch !== undefined && health !== false) this.#go(watch(this.#watch, input, health))
  }

  #go([next, effects]: [Watch, readonly WatchEffect[]]): void {
    this.#watch = next
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: WatchEffect): unknown {
    switch (effect.do) {
      case 'ask':
        this.#askedAt = performance.now()
        return this.#child?.ask()
      case 'wait':
        return this.#wait(effect.for)
      case 'judge':
        return this.#judge(effect.verdict)
      default:
        return effect satisfies never
    }
  }

  /** A child has two questions to answer, so each has half of the time. */
  #wait(what: Wait): void {
    const { health } = this.#service.options
    if (what === 'next look') this.#deadlines.wait(what, LOOK_INTERVAL)
    else if (health !== false && health.hangTimeout > 0) this.#deadlines.wait(what, health.hangTimeout / 2)
  }

  /**
   * Messages go through the launcher, if there is one. If the launcher stands still, the child does not count as
   * silent.
   */
  #due(wait: Wait): void {
    const { launcher } = this.#service
    const isCutOff = launcher !== undefined && launcher.heardAt < this.#askedAt
    if (wait === 'answer' && isCutOff) this.#wait(wait)
    else this.#tell({ type: 'due' })
  }

  #judge(verdict: Verdict): void {
    const { health } = this.#service.options
    const child = this.#child?.id
    this.end()
    if (child === undefined || health === false) return
    const isSilent = verdict.kind === 'silent'
    const how = isSilent ? `did not answer for ${health.hangTimeout} ms` : verdict.how
    this.#host.tell({ type: 'unwell', child, isSilent, how })
  }
}

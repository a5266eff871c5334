import type { Socket } from 'node:net'
import { AnswerCount } from '../connections/answer-count.js'
import type { ResolvedHealthOptions } from '../process/health-options.js'
import { type EffectHandler, failureOf, Host, type Machine } from '../process/host.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import {
  type Answers,
  beginWatch,
  NOTHING,
  type Tolerance,
  total,
  type Verdict,
  type Watch,
  type WatchEffect,
  type WatchInput,
  watch
} from '../protocol/health.js'
import type { ChildId } from '../protocol/server.js'
import { Deadlines } from '../util/deadline.js'
import { visitInSlices } from '../util/slices.js'
import { toError } from '../util/to-error.js'
import type { ReloadHealth } from './reload-health.js'

type Wait = Extract<WatchEffect, { do: 'wait' }>['for']

/** For how long to look at connections at a time. Milliseconds. */
const SLICE = 0.5

/** How often the parent asks a child. Milliseconds. */
const LOOK_INTERVAL = 200

/** The machine that judges the child of a reload. */
export function healthMachine({ errorShare, leastAnswers }: Tolerance): Machine<Watch, WatchInput, WatchEffect> {
  const [start, first] = beginWatch()
  const tolerance = { errorShare, leastAnswers }
  const step = (at: Watch, input: WatchInput) => watch(at, input, tolerance)
  const placeOf = ({ asked, told }: Watch) => ({ asked, reports: told.length })
  return { start, first, step, name: 'health', begin: tolerance, placeOf }
}

/** Runs the machine by which the parent judges the child of a reload. */
export class HealthWatch implements EffectHandler<WatchEffect> {
  readonly #service: Service
  readonly #server: ServerHost
  readonly #options: ResolvedHealthOptions
  #count: AnswerCount | undefined
  #isOver = false
  readonly #deadlines = new Deadlines<Wait>((wait) => this.#due(wait))
  #host: Host<Watch, WatchInput, WatchEffect> | undefined
  #child: { readonly id: ChildId; ask(): void } | undefined
  #answers = NOTHING
  #askedAt = 0

  constructor(service: Service, server: ServerHost, options: ResolvedHealthOptions) {
    this.#service = service
    this.#server = server
    this.#options = options
  }

  /** Counts what this process answers from now on, as that is what the child is compared with. */
  async count(): Promise<void> {
    const all = this.#service.connections.of(() => true)
    const older = new WeakSet<Socket>()
    for (const one of all) {
      await visitInSlices(one.open, SLICE, (socket) => {
        if (!one.isUnused(socket)) older.add(socket)
      })
    }
    if (!this.#isOver) this.#count = new AnswerCount(all, (socket) => older.has(socket))
  }

  /** The child serves. */
  begin(id: ChildId, ask: () => void): void {
    if (this.#isOver) return
    this.#child = { id, ask }
    this.#host = new Host(healthMachine(this.#options), this)
    this.#host.begin()
  }

  /** A child has reported its answers. One that was rolled back earlier may still do so. */
  heard(id: ChildId, child: Answers): void {
    if (this.#child?.id !== id) return
    this.#answers = child
    this.#deadlines.clear()
    this.#host?.tell({ type: 'reported', child, parent: this.#answered })
  }

  end(): void {
    this.#isOver = true
    this.#host = undefined
    this.#deadlines.clear()
    this.#count?.end()
  }

  /** The answers of both, as far as this process knows. */
  get figures(): ReloadHealth {
    return { child: total(this.#answers), parent: total(this.#answered) }
  }

  get #answered(): Answers {
    return this.#count?.answers ?? NOTHING
  }

  carryOut(effect: WatchEffect): unknown {
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

  failed(effect: WatchEffect, error: unknown): void {
    this.#service.log.warn(failureOf(effect, error), toError(error))
  }

  rested(): void {}

  /** A child has two questions to answer, so each has half of the time. */
  #wait(what: Wait): void {
    const { hangTimeout } = this.#options
    if (what === 'next look') this.#deadlines.wait(what, LOOK_INTERVAL)
    else if (hangTimeout > 0) this.#deadlines.wait(what, hangTimeout / 2)
  }

  /**
   * Messages go through the launcher, if there is one. If the launcher stands still, the child does not count as
   * silent.
   */
  #due(wait: Wait): void {
    const { launcher } = this.#service
    const isCutOff = launcher !== undefined && launcher.pulse.heardAt < this.#askedAt
    if (wait === 'answer' && isCutOff) this.#wait(wait)
    else this.#host?.tell({ type: 'due' })
  }

  #judge(verdict: Verdict): void {
    const child = this.#child?.id
    this.end()
    if (child === undefined) return
    const isSilent = verdict.kind === 'silent'
    const how = isSilent ? `did not answer for ${this.#options.hangTimeout} ms` : verdict.how
    this.#server.tell({ type: 'unwell', child, isSilent, how })
  }
}

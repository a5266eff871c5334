import { beganBefore } from '../control/history.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import type { ReloadBrief, ToChild } from '../protocol/messages.js'
import { setTicketKeys } from '../sockets/tls-tickets.js'
import { heirsOf, type SavedStates, shareOut } from './app-states.js'
import type { LastWords } from './last-words.js'

type Left = Pick<Extract<ToChild, { type: 'take over' }>, keyof SavedStates | 'ticketKeys'>

/** A parent that died left nothing. */
const NOTHING: Left = { states: [], ticketKeys: [] }

/** What the parent of a reload has left to this process, its child, besides the listeners. */
export class ReceivedLegacy {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #lastWords: LastWords
  #left = NOTHING
  /** What the parent has said about the reload. */
  #reload: ReloadBrief | undefined
  /** When it said that, on the clock of `performance.now()`. */
  #briefed = 0
  /** Since when this process accepts, on the clock of `performance.now()`. */
  #accepted = 0

  constructor(service: Service, host: ServerHost, lastWords: LastWords) {
    this.#service = service
    this.#host = host
    this.#lastWords = lastWords
  }

  /** For reports: how long the probation lasts, and how much of it is over. Milliseconds. */
  get probation(): { elapsed: number; duration: number } {
    const duration = this.#reload?.probation ?? this.#service.options.probation
    // Behind it comes the word of the parent, which is no part of it.
    const elapsed = Math.min(Math.round(performance.now() - this.#accepted), duration)
    return { elapsed, duration }
  }

  /** The child of a check loads a copy of the state. */
  try(states: SavedStates): void {
    this.#left = { ...states, ticketKeys: [] }
  }

  /** The parent may be gone before it says more. */
  brief(reload: ReloadBrief): void {
    this.#reload = reload
    this.#briefed = performance.now()
    const { history, ledger } = this.#service
    history.inherit(reload.history)
    if (reload.counts !== undefined) ledger.inherit(reload.counts)
    ledger.meet('parent', false)
  }

  takeOver({ reload, isAlone = false, ...left }: Extract<ToChild, { type: 'take over' }>): void {
    this.#left = left
    if (reload !== undefined) this.brief(reload)
    if (!isAlone) this.#service.ledger.meet('parent', true)
  }

  /** Nothing has been accepted yet: a state that cannot be loaded ends this process as any error of its boot would. */
  async loadState(): Promise<void> {
    const { listeners, log } = this.#service
    const apps = [...this.#service.apps]
    const { pairs, left } = shareOut(this.#left, heirsOf(apps, listeners.open))
    if (left > 0)
      log.warn('a saved state was not loaded: no app with the option state listens where the app that saved it did')
    try {
      for (const [heir, state] of pairs) await apps[heir]?.options.state?.load(this.#left.states[state])
      this.#host.tell({ type: 'loaded' })
    } catch (error) {
      this.#lastWords.because(error)
      this.#host.tell({ type: 'not loaded', error })
    }
  }

  /** This process accepts: clients can resume the TLS sessions that they have with the parent. */
  accepted(): void {
    this.#accepted = performance.now()
    const keys = new Map(this.#left.ticketKeys)
    for (const { index, server } of this.#service.listeners.open) {
      const inherited = index === undefined ? undefined : keys.get(index)
      if (inherited !== undefined) setTicketKeys(server, inherited)
    }
    this.#left = NOTHING
  }

  /** Records the outcome of the reload in the place of the parent, which is gone. */
  noteReload(): void {
    if (this.#reload === undefined) return
    const { reason, elapsed } = this.#reload
    const total = Math.round(elapsed + performance.now() - this.#briefed)
    const { generation, history } = this.#service
    history.add({ began: beganBefore(total), reason, outcome: 'succeeded', generation, timings: { total } })
  }
}

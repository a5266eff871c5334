import { StateError } from '../errors.js'
import type { Tally } from '../metrics/ledger.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import type { ReloadBrief, ToChild } from '../protocol/messages.js'
import type { ChildId } from '../protocol/server.js'
import { ticketKeysOf } from '../sockets/tls-tickets.js'
import { toError } from '../util/to-error.js'
import { type SavedStates, saveStates } from './app-states.js'
import type { Successors } from './successors.js'

const NOTHING_SAVED: SavedStates = { states: [], stateListeners: [] }

/** What the parent of a reload leaves to its child besides the listeners. */
export class Legacy {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #successors: Successors
  #saved: SavedStates = NOTHING_SAVED
  /** The child of the reload in progress: what is saved for an earlier one is of no use any more. */
  #latest: ChildId | undefined

  constructor(service: Service, host: ServerHost, successors: Successors) {
    this.#service = service
    this.#host = host
    this.#successors = successors
  }

  /** A child is started. Nothing is saved for it yet. */
  begin(child: ChildId): void {
    this.#latest = child
    this.#saved = NOTHING_SAVED
  }

  /**
   * The child boots, and reads what this process says. From now on it knows enough to go on alone.
   *
   * @param elapsed - since the reload began. Milliseconds
   */
  brief(child: ChildId, elapsed: number): void {
    const reload = this.#brief(elapsed)
    if (reload === undefined || child !== this.#latest) return
    this.#service.ledger.meet(child, false)
    this.#successors.send(child, { type: 'brief', reload })
    this.report(child)
  }

  /** Reports to the child at intervals what this process counts. */
  report(child: ChildId): void {
    const tell = (tally: Tally) => this.#successors.deliver(child, { type: 'tally', tally }).catch(() => {})
    this.#service.ledger.report(child, tell)
  }

  /** The saved state must not become old at once, so this process has stopped accepting. */
  async saveState(child: ChildId): Promise<void> {
    const { listeners = [] } = this.#successors.get(child) ?? {}
    try {
      const saved = await saveStates([...this.#service.apps], listeners)
      if (this.#latest === child) this.#saved = saved
      this.#host.tell({ type: 'saved', child })
    } catch (cause) {
      const error = Object.assign(new StateError(toError(cause).message), { cause })
      this.#host.tell({ type: 'not saved', child, error })
    }
  }

  /** The child of a check loads a copy of the state. */
  letTry(child: ChildId): void {
    void this.#hand(child, () => ({ type: 'try', ...this.#saved }))
  }

  /** @param elapsed - since the reload began. Milliseconds */
  letTakeOver(child: ChildId, elapsed: number): void {
    void this.#hand(child, () => {
      const { listeners = [] } = this.#successors.get(child) ?? {}
      const ticketKeys = listeners.flatMap(({ server }, index) => ticketKeysOf(server, index))
      const reload = this.#brief(elapsed)
      this.#service.ledger.meet(child, false)
      return { type: 'take over', ...this.#saved, ticketKeys, reload }
    })
  }

  /** Whatever goes wrong with the message, the machine must not wait for an answer to it. */
  async #hand(child: ChildId, write: () => ToChild): Promise<void> {
    try {
      await this.#successors.deliver(child, write())
    } catch (cause) {
      // A child that has just ended tells by that how the reload failed.
      if (isOfChannel(cause) || this.#successors.get(child)?.child?.hasEnded) return
      const error = Object.assign(new StateError(toError(cause).message), { cause })
      this.#host.tell({ type: 'not sent', child, error })
    }
  }

  #brief(elapsed: number): ReloadBrief | undefined {
    const { at } = this.#host
    if (at.name !== 'reloading') return undefined
    const { history, ledger, options } = this.#service
    const { reason } = at.reload
    return { reason, elapsed, probation: options.probation, history: history.report, counts: ledger.total }
  }
}

/**
 * Whether a message could not be sent because nobody is at the other end:
 * https://nodejs.org/api/errors.html#class-systemerror
 */
function isOfChannel(error: unknown): boolean {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException
  return syscall !== undefined || code?.startsWith('ERR_IPC') === true
}

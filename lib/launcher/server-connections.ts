import { Giving } from '../connections/giving.js'
import { Takings } from '../connections/taking.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { BalanceInput } from '../protocol/balance.js'
import type { ConnectionsWord } from '../protocol/surplus-messages.js'
import type { HeldListener } from './held-listeners.js'
import type { Server } from './server.js'

/** The launcher, for the connections between it and a server. */
export interface ServerConnectionsEvents {
  /** How an offer has ended. */
  tell(input: Extract<BalanceInput, { type: 'concluded' | 'answered' }>): void
  /** The launcher has a connection that the server has passed on. */
  hold(listener: HeldListener, handle: ConnectionHandle): void
}

/** A connection on its way to the server. */
interface OnTheWay {
  readonly giving: Giving
  /** The server has said whether it takes the connection. */
  hasAnswered: boolean
}

type Surplus = Extract<ConnectionsWord, { type: 'surplus' }>

/** How long a server may take with a connection before another one gets it. Milliseconds. */
const PATIENCE = { answer: 100, limit: 400 }

/** The connections that are on their way between the launcher and one server. */
export class ServerConnections {
  readonly server: Server
  readonly #events: ServerConnectionsEvents
  readonly #givings = new Map<number, OnTheWay>()
  readonly #takings = new Takings()

  constructor(server: Server, events: ServerConnectionsEvents) {
    this.server = server
    this.#events = events
  }

  /** @param handle - of a surplus connection */
  heard(word: ConnectionsWord, handle: ConnectionHandle | undefined): unknown {
    switch (word.type) {
      case 'connections':
        return undefined
      case 'surplus':
        return this.#take(word, handle)
      case 'connection taken':
        return this.#answered(word.id, word.taken)
      case 'surplus released':
        return this.#takings.tell(word.id, { type: 'released' })
      case 'surplus kept':
        return this.#takings.tell(word.id, { type: 'kept' })
      case 'surplus sent':
        return this.#takings.isUnknown(word.id) && this.#answer(word.id, false)
      default:
        return word satisfies never
    }
  }

  /** Offers a connection to the server. */
  offer(id: number, listener: HeldListener, handle: ConnectionHandle): void {
    const { server } = this
    const giving = new Giving('surplus', PATIENCE, {
      offer: () => server.lend({ type: 'connection', id, listener: server.idOf(listener) as number }, handle),
      say: (word) => server.lend({ type: `connection ${word}`, id }),
      isAtRest: () => true,
      // What becomes of it is decided when the offer is concluded.
      readOn: () => {},
      letGo: () => {},
      concluded: (outcome) => {
        const { hasAnswered } = onTheWay
        this.#events.tell({ type: 'concluded', offer: id, outcome, isLate: giving.isLate, hasAnswered })
      },
      forgotten: () => {
        this.#givings.delete(id)
        this.#events.tell({ type: 'answered', offer: id })
      }
    })
    const onTheWay: OnTheWay = { giving, hasAnswered: false }
    this.#givings.set(id, onTheWay)
  }

  /** The server has ended. Connections on their way to it come back. */
  end(): void {
    this.#takings.tellAll({ type: 'giver ended' })
    for (const { giving } of [...this.#givings.values()]) giving.tell({ type: 'taker ended' })
  }

  #take({ id, listener: number }: Surplus, handle: ConnectionHandle | undefined): void {
    const listener = this.server.listeners.find((one) => this.server.idOf(one) === number)
    const isAble = listener !== undefined && handle !== undefined
    this.#takings.take(id, 'surplus', isAble, {
      say: (word) => this.#answer(id, word === 'taken'),
      accept: () => isAble && this.#events.hold(listener, handle),
      close: () => handle?.close()
    })
  }

  #answer(id: number, taken: boolean): Promise<boolean> {
    return this.server.lend({ type: 'surplus taken', id, taken }).then(
      () => true,
      () => false
    )
  }

  #answered(id: number, isTaken: boolean): void {
    const onTheWay = this.#givings.get(id)
    if (onTheWay === undefined) return
    onTheWay.hasAnswered = true
    onTheWay.giving.answered(isTaken)
  }
}

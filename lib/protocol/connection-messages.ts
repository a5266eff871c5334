import type { Arrival, Upgrade } from '../connections/websocket-upgrade.js'
import { anything, count, type Field, flag, listOf, number, optional, record, type Table, text } from './fields.js'

/**
 * The messages between parent and child about open connections. Either can be the giver and the other the taker: the
 * parent gives while the child is on probation, and a child that is rolled back gives its connections to its parent.
 */

/** From the giver. */
export type FromGiver =
  /**
   * An open connection of the listener with this index; the handle travels with it. `used`: it waits for its next
   * request, not for its first, and may stay silent for `timeLeft` milliseconds (0: for ever). `upgrade`: it is a
   * WebSocket, on which the giver's app may still send; the taker leaves it alone until it knows who has it. `was`: it
   * came from the taker before, under this number, and the taker has kept its own copy. `rest`: so many follow at once,
   * and all of them can be answered together.
   */
  | {
      type: 'connection'
      id: number
      index: number
      used: boolean
      timeLeft: number
      upgrade?: Upgrade | undefined
      was?: number | undefined
      rest?: number | undefined
    }
  /**
   * The giver has released a WebSocket that the taker has taken. `arrival`: what its route handed along at that moment.
   * If it is undefined, that failed, and the taker closes the connection with 1012.
   */
  | { type: 'connection released'; id: number; arrival: Arrival | undefined }
  /** The giver keeps a WebSocket that the taker has taken: it was not at rest any more. */
  | { type: 'connection kept'; id: number }
  /** A question: the giver has sent a connection and got no answer about it yet. */
  | { type: 'connection sent'; id: number }
  /**
   * The giver begins to give connections; or it has given all that it could. `register`: the path of the file in which
   * the taker notes its requests in progress, see `lib/connections/request-register.ts`.
   */
  | { type: 'migration'; isOver: boolean; register?: string | undefined }

/** A connection that moves, as the giver announces it. */
export type MovingConnection = Extract<FromGiver, { type: 'connection' }>

/** How a connection goes on in the other process. */
export type Life = Pick<MovingConnection, 'index' | 'used' | 'timeLeft'>

/** From the taker. */
export type FromTaker =
  /**
   * The taker has the connection now, and has not read from it yet. `noted`: its requests will be in the register.
   * `others`: it has these as well, which came together with it.
   */
  | { type: 'connection taken'; id: number; noted: boolean; others?: number[] | undefined }
  /** The giver keeps the connection. The taker has not read from it. */
  | { type: 'connection refused'; id: number }
  /** Connections that came with these numbers are closed: the receiver closes the copies that it has kept. */
  | { type: 'connections closed'; ids: number[] }

export type ConnectionMessage = FromGiver | FromTaker

const upgrade: Field = record({
  method: text,
  url: text,
  httpVersion: text,
  rawHeaders: listOf(text),
  protocol: text,
  hasState: flag
})

const arrival: Field = record({ state: anything })

export const CONNECTION_MESSAGES: Table<ConnectionMessage> = {
  connection: {
    id: count,
    index: count,
    used: flag,
    timeLeft: number,
    upgrade: optional(upgrade),
    was: optional(count),
    rest: optional(count)
  },
  'connection released': { id: count, arrival: optional(arrival) },
  'connection kept': { id: count },
  'connection sent': { id: count },
  migration: { isOver: flag, register: optional(text) },
  'connection taken': { id: count, noted: flag, others: optional(listOf(count)) },
  'connection refused': { id: count },
  'connections closed': { ids: listOf(count) }
}

/** Whether a message is about connections. */
export function isOfConnections(message: { readonly type: string }): message is ConnectionMessage {
  return Object.hasOwn(CONNECTION_MESSAGES, message.type)
}

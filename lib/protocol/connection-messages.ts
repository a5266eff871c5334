import type { Arrival, Upgrade } from '../connections/upgrades.js'
import { anything, count, type Field, flag, listOf, number, optional, record, type Table, text } from './fields.js'

/**
 * What parent and child say to each other about open connections. Either may give and the other take: the parent gives while the child
 * is on probation, and a child that is taken back gives what it has to its parent.
 */

/** From the one that gives. */
export type FromGiver =
  /**
   * An open connection of the listener with this index; the handle travels with it. `used`: it waits for its next request,
   * not for its first, and may stay silent for `timeLeft` milliseconds (0: for ever). `upgrade`: it is a WebSocket, on which
   * the giver's app may still send; the taker leaves it alone until it hears who has it. `was`: the number under which it came
   * from the process that it is given to now, which has kept its own copy.
   */
  | {
      type: 'connection'
      id: number
      index: number
      used: boolean
      timeLeft: number
      upgrade?: Upgrade | undefined
      was?: number | undefined
    }
  /**
   * The giver has let go of a WebSocket that the other one has taken. `arrival`: what its route handed along at that moment; undefined:
   * it could not be had, and the taker closes the connection with 1012.
   */
  | { type: 'connection released'; id: number; arrival: Arrival | undefined }
  /** The giver keeps a WebSocket that the other one has taken: it was not at rest any more. */
  | { type: 'connection kept'; id: number }
  /** A connection was sent and the giver has heard nothing of it yet. */
  | { type: 'connection sent'; id: number }
  /**
   * The giver begins to give connections; or it has given all that it could. `register`: the path of the file in which the
   * taker notes its requests in progress, see `lib/connections/register.ts`.
   */
  | { type: 'migration'; isOver: boolean; register?: string | undefined }

/** A connection that moves, as the giver announces it. */
export type MovingConnection = Extract<FromGiver, { type: 'connection' }>

/** How a connection goes on in the other process. */
export type Life = Pick<MovingConnection, 'index' | 'used' | 'timeLeft'>

/** From the one that takes. */
export type FromTaker =
  /** A connection is the taker's now; it has not read from it yet. `noted`: what it reads will be in the register. */
  | { type: 'connection taken'; id: number; noted: boolean }
  /** A connection stays the giver's; the other one has not read from it. */
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
    was: optional(count)
  },
  'connection released': { id: count, arrival: optional(arrival) },
  'connection kept': { id: count },
  'connection sent': { id: count },
  migration: { isOver: flag, register: optional(text) },
  'connection taken': { id: count, noted: flag },
  'connection refused': { id: count },
  'connections closed': { ids: listOf(count) }
}

/** Whether a message is about connections. */
export function isOfConnections(message: { readonly type: string }): message is ConnectionMessage {
  return Object.hasOwn(CONNECTION_MESSAGES, message.type)
}

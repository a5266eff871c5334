import type { GiverWord } from './connection.js'
import { count, flag, type Table } from './fields.js'

/**
 * The messages between a server and its launcher about connections that the server has above its share, and that go
 * through the launcher to another server.
 */

/** From a server. */
export type ConnectionsWord =
  /** How many connections are open. Sent at intervals, after a `fair share` has come. */
  | { type: 'connections'; count: number }
  /**
   * A connection to the listener with this id, above this server's share and unread. Its handle travels with the
   * message.
   */
  | { type: 'surplus'; id: number; listener: number; count: number }
  /** What the giver of a connection says: see `connection.ts`. */
  | { type: `surplus ${GiverWord}`; id: number }
  /** A connection has come, or cannot be taken, or its handle was lost on the way. */
  | { type: 'connection taken'; id: number; taken: boolean; count: number }

/** From the launcher. */
export type SurplusWord =
  /**
   * A connection to the listener with this id, above the share of another server. Its handle travels with the message.
   */
  | { type: 'connection'; id: number; listener: number }
  | { type: `connection ${GiverWord}`; id: number }
  /** A surplus connection has come, or cannot be taken. */
  | { type: 'surplus taken'; id: number; taken: boolean }

export const CONNECTIONS_WORDS: Table<ConnectionsWord> = {
  connections: { count },
  surplus: { id: count, listener: count, count },
  'surplus sent': { id: count },
  'surplus released': { id: count },
  'surplus kept': { id: count },
  'connection taken': { id: count, taken: flag, count }
}

export const SURPLUS_WORDS: Table<SurplusWord> = {
  connection: { id: count, listener: count },
  'connection sent': { id: count },
  'connection released': { id: count },
  'connection kept': { id: count },
  'surplus taken': { id: count, taken: flag }
}

/** Whether a message of a server is about its connections. */
export function isConnectionsWord(message: { readonly type: string }): message is ConnectionsWord {
  return Object.hasOwn(CONNECTIONS_WORDS, message.type)
}

/** Whether a message of the launcher is about connections. */
export function isSurplusWord(message: { readonly type: string }): message is SurplusWord {
  return Object.hasOwn(SURPLUS_WORDS, message.type)
}

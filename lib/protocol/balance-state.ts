import type { GiverOutcome } from './connection.js'

/**
 * What the machine in `balance.ts` knows, and its inputs and effects. Servers, listeners, connections and offers are
 * numbers.
 */

/** What the launcher knows of the servers, and the connections that it holds. */
export interface Balance {
  /** How many connections at most are on their way to one server. */
  readonly most: number
  /** In the order of their workers. Of two that have as few connections, the first one gets the next. */
  readonly accepting: readonly AcceptingServer[]
  readonly accounts: readonly Account[]
  /** The first one waits longest. */
  readonly waiting: readonly HeldConnection[]
  readonly offers: readonly ConnectionOffer[]
  /** How many offers have been made. */
  readonly offered: number
}

/** A server that accepts and answers, with the listeners that it has. */
export interface AcceptingServer {
  readonly server: number
  readonly listeners: readonly number[]
}

/** What is known about the connections of a server. */
export interface Account {
  readonly server: number
  /** How many it has, as far as it has reported. */
  readonly count: number
  /** The average that the launcher reported to it last. */
  readonly share: number | undefined
}

/** A connection that the launcher has, for a server to take. */
export interface HeldConnection {
  readonly connection: number
  readonly listener: number
  /** The servers that have said that they cannot take it. */
  readonly refused: readonly number[]
  /** The servers that could not be asked: their channels have ended, and their own ends are soon known. */
  readonly unreached: readonly number[]
  /** It has waited for long enough: it is closed, unless it is on its way to a server that takes it. */
  readonly isDue: boolean
}

/** A connection on its way to a server. */
export interface ConnectionOffer {
  readonly id: number
  readonly server: number
  /** Undefined: the server has let its time pass, and the launcher has the connection again. It owes an answer. */
  readonly held: HeldConnection | undefined
}

export type BalanceInput =
  /** The servers that accept and answer. Comes after each change of them, or of their listeners. */
  | { readonly type: 'accepting'; readonly servers: readonly AcceptingServer[] }
  /** The server has ended, and all its messages have been read. Offers to it are concluded next. */
  | { readonly type: 'ended'; readonly server: number }
  | { readonly type: 'counted'; readonly server: number; readonly count: number }
  /** The launcher has a connection to this listener. */
  | { readonly type: 'held'; readonly connection: number; readonly listener: number }
  /**
   * An offer has ended for the launcher. `isLate`: the server has let its time pass, and owes an answer. `hasAnswered`:
   * the outcome is what it has said.
   */
  | {
      readonly type: 'concluded'
      readonly offer: number
      readonly outcome: GiverOutcome
      readonly isLate: boolean
      readonly hasAnswered: boolean
    }
  /** A server owes no answer to this offer any more. */
  | { readonly type: 'answered'; readonly offer: number }
  /** All that had come by then has been read. */
  | { readonly type: 'heard' }
  /** The wait of a connection is over. */
  | { readonly type: 'due'; readonly connection: number }

export type BalanceEffect =
  | { readonly do: 'offer'; readonly offer: number; readonly connection: number; readonly server: number }
  /** Closes the launcher's copy, and ends its wait. If no server has the connection, the client notices. */
  | { readonly do: 'close'; readonly connection: number }
  /** Until the connection has waited for long enough. */
  | { readonly do: 'wait'; readonly connection: number }
  /** Reports to a server how many connections each of them has on average. */
  | { readonly do: 'report share'; readonly server: number; readonly share: number }
  /** Reads what has come before anything is given: the end of a server, or how other offers have ended. */
  | { readonly do: 'hear' }

export type BalanceStep = readonly [Balance, readonly BalanceEffect[]]

/** It has not answered in time, and gets no further connection until it does. */
export function owesAnswer({ offers }: Balance, server: number): boolean {
  return offers.some((offer) => offer.server === server && offer.held === undefined)
}

export function onTheWayTo({ offers }: Balance, server: number): number {
  return offers.filter((offer) => offer.server === server).length
}

/** The connections that it has, and those on their way to it. */
export function loadOf(balance: Balance, server: number): number {
  return accountOf(balance, server).count + onTheWayTo(balance, server)
}

export function accountOf({ accounts }: Balance, server: number): Account {
  return accounts.find((account) => account.server === server) ?? { server, count: 0, share: undefined }
}

export function setAccount(balance: Balance, server: number, change: Partial<Account>): Balance {
  const others = balance.accounts.filter((account) => account.server !== server)
  return { ...balance, accounts: [...others, { ...accountOf(balance, server), ...change }] }
}

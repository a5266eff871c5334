import type * as machine from '../../../lib/protocol/balance.js'
import type { Balance } from '../../../lib/protocol/balance.js'
import type { Giver, GiverWord, TakerWord } from '../../../lib/protocol/connection.js'
import type { Taker } from '../../../lib/protocol/connection-taker.js'
import type { State } from '../kind.js'

/**
 * What there is when connections spread over servers: the launcher, which is process 0, the servers, and connections
 * that one of them had too many of. How an offer goes is decided by the real machines of a connection that moves.
 */

/** The machine; a test can put a broken one in the place of the right one. */
export type Machine = Pick<typeof machine, 'beginBalance' | 'stepBalance'>

export interface Rules {
  /** How many servers accept at the beginning. */
  readonly servers: number
  /** How many connections at most are on their way to one server. */
  readonly most: number
  /** How many connections are passed on at once at the beginning. */
  readonly burst: number
}

/** All connections have come to this listener. */
export const LISTENER = 1

/** What the launcher and a server say to each other about an offer. */
export interface Message {
  readonly offer: number
  readonly word: 'offer' | GiverWord | TakerWord
}

export interface Server {
  /** Counts from 1. */
  readonly id: number
  /** `stuck`: it stands still for good. */
  life: 'runs' | 'stands still' | 'stuck' | 'dead'
  /** The launcher knows that it has ended. */
  isBuried: boolean
  /** Another one has been started in its place. */
  isReplaced: boolean
  /** The launcher counts on it: it serves, and has answered a ping lately. */
  isAccepting: boolean
  isListening: boolean
  /** How many connections it has, and how many it has reported. */
  count: number
  reported: number
  /** The average that the launcher has reported to it. */
  share: number | undefined
  /** Messages in the kernel. */
  toServer: readonly Message[]
  fromServer: readonly Message[]
}

/** A limit, and when it is over. */
export interface Timer<N extends string> {
  readonly name: N
  readonly at: number
}

export interface Offer {
  readonly id: number
  readonly connection: number
  readonly server: number
  giver: Giver
  timer: Timer<'answer' | 'limit'> | undefined
  /** It was made when the server had ended already. */
  readonly isUnsendable: boolean
  /** The launcher has heard what the server says to it. */
  hasAnswered: boolean
  taker: Taker | undefined
  /** The server has the connection. */
  reads: boolean
  /** The launcher has let go of it. */
  hasMoved: boolean
}

export interface Connection {
  /** Counts from 1. */
  readonly id: number
  /** The launcher has its copy. */
  isOpen: boolean
  timer: Timer<'wait'> | undefined
  /** It has waited for long enough. */
  isDue: boolean
  /** The servers that have said that they cannot take it, and those that could not be asked. */
  refused: readonly number[]
  unreached: readonly number[]
}

export interface World extends State {
  readonly machine: Machine
  readonly rules: Rules
  balance: Balance
  servers: readonly Server[]
  connections: readonly Connection[]
  offers: readonly Offer[]
  /** The launcher reads what has come before it gives connections again. */
  isHearing: boolean
  /** What was wrong with something that the machine has done. */
  broken: string | undefined
}

export function createWorld(machine: Machine, rules: Rules): World {
  const servers = Array.from({ length: rules.servers }, (_, index) => newServer(index + 1))
  const empty = { connections: [], offers: [], isHearing: false, broken: undefined }
  return { machine, rules, budget: {}, now: 0, balance: machine.beginBalance(rules.most), servers, ...empty }
}

export function newServer(id: number): Server {
  const known = { isBuried: false, isReplaced: false }
  const numbers = { count: 0, reported: 0, share: undefined }
  const lines = { toServer: [], fromServer: [] }
  return { id, life: 'runs', ...known, isAccepting: true, isListening: true, ...numbers, ...lines }
}

/** A copy that can take another course. Read-only parts are shared. */
export function copyWorld(world: World): World {
  return {
    ...world,
    servers: world.servers.map((server) => ({ ...server })),
    connections: world.connections.map((connection) => ({ ...connection })),
    offers: world.offers.map((offer) => ({ ...offer }))
  }
}

export const serverOf = ({ servers }: World, id: number): Server => servers[id - 1] as Server

export const connectionOf = ({ connections }: World, id: number): Connection => connections[id - 1] as Connection

export const offerOf = ({ offers }: World, id: number): Offer => offers.find((offer) => offer.id === id) as Offer

/** Whether the connection is the server's, or may soon be. */
export const isOnTheWay = ({ giver }: Offer): boolean => giver.at !== 'over' && giver.at !== 'late'

/** What the launcher has offered to a server, and not heard the last of. */
export function openOffersTo({ offers }: World, server: number): Offer[] {
  return offers.filter((offer) => offer.server === server && offer.giver.at !== 'over')
}

export function owesAnswer(world: World, server: number): boolean {
  return openOffersTo(world, server).some(({ giver }) => giver.at === 'late')
}

import type { Giver, GiverWord, Move, TakerWord } from '../../../lib/protocol/connection.js'
import * as giverMachine from '../../../lib/protocol/connection.js'
import type { Taker } from '../../../lib/protocol/connection-taker.js'
import * as takerMachine from '../../../lib/protocol/connection-taker.js'
import type { State } from '../kind.js'

/** What there is when a connection moves: a giver, which is process 0, and its peers, each of which may become the taker. */

/** The machines of both sides; a test can put a broken one in the place of a right one. */
export type Machines = Pick<typeof giverMachine, 'offer' | 'give'> & Pick<typeof takerMachine, 'take' | 'receive'>

export const MACHINES: Machines = { ...giverMachine, ...takerMachine }

export interface Rules {
  readonly move: Move
  /** How many processes the connection can be offered to. */
  readonly peers: number
  /** How many offers are made at most. */
  readonly offers: number
  /** Whether the words go through a process that can end. */
  readonly isRelayed: boolean
}

export interface Message {
  readonly attempt: number
  readonly word: 'offer' | GiverWord | TakerWord
}

/** One direction of a channel. What its sender could not yet write dies with the sender; what the kernel has does not. */
export interface Line {
  unwritten: readonly Message[]
  kernel: readonly Message[]
}

/** `stuck`: it stands still for good. */
type Life = 'runs' | 'stands still' | 'ran on' | 'stuck' | 'dead'

export interface Peer {
  /** Counts from 1. */
  readonly id: number
  life: Life
  /** It has closed its channel, and lives. */
  isCut: boolean
  /** Whoever passed the words on has ended. `unheard`: the peer does not know yet. */
  relay: 'lives' | 'unheard' | 'gone'
  /** The giver knows that nothing more will come. */
  isOver: boolean
  toTaker: Line
  toGiver: Line
}

/** One offer, to one of the peers. */
export interface Attempt {
  readonly peer: number
  giver: Giver
  giverTimer: boolean
  taker: Taker | undefined
  takerTimer: boolean
  reads: boolean
}

export interface World extends State {
  readonly machines: Machines
  readonly rules: Rules
  life: Life
  /** The giver reads from the connection, or is free to give it away. */
  holds: boolean
  peers: readonly Peer[]
  attempts: readonly Attempt[]
  /** Whose the connection is, as a bystander sees it who knows what is in the kernel. */
  owner: number
  /** The connection may be lost: its owner died, or it was closed on purpose. */
  mayBeLost: boolean
}

export const runs = (life: Life): boolean => life === 'runs' || life === 'ran on'

const EMPTY: Line = { unwritten: [], kernel: [] }

export function createWorld(machines: Machines, rules: Rules): World {
  const peers = Array.from({ length: rules.peers }, (_, index): Peer => {
    const toTaker = { ...EMPTY }
    const toGiver = { ...EMPTY }
    return { id: index + 1, life: 'runs', isCut: false, relay: 'lives', isOver: false, toTaker, toGiver }
  })
  const unowned = { attempts: [], owner: 0, mayBeLost: false }
  return { machines, rules, budget: {}, now: 0, life: 'runs', holds: true, peers, ...unowned }
}

/** A copy that can go another way. What is read-only is shared. */
export function copyWorld(world: World): World {
  const copyOf = (peer: Peer): Peer => ({ ...peer, toTaker: { ...peer.toTaker }, toGiver: { ...peer.toGiver } })
  return { ...world, peers: world.peers.map(copyOf), attempts: world.attempts.map((attempt) => ({ ...attempt })) }
}

export function peerOf({ peers }: World, id: number): Peer {
  return peers[id - 1] as Peer
}

import type { Giver, GiverWord, Move, TakerWord } from '../../../lib/protocol/connection.js'
import * as giverMachine from '../../../lib/protocol/connection.js'
import * as keptMachine from '../../../lib/protocol/connection-kept.js'
import type { Taker } from '../../../lib/protocol/connection-taker.js'
import * as takerMachine from '../../../lib/protocol/connection-taker.js'
import type { State } from '../kind.js'

/**
 * What there is when a connection moves: process 0, which has it at first, and its peers, each of which may take it.
 */

/** The machines of both sides; a test can put a broken one in the place of a right one. */
export type Machines = Pick<typeof giverMachine, 'offer' | 'give'> &
  Pick<typeof takerMachine, 'take' | 'receive'> &
  Pick<typeof keptMachine, 'endKept'>

export const MACHINES: Machines = { ...giverMachine, ...takerMachine, ...keptMachine }

export interface Rules {
  readonly move: Move
  /** How many processes the connection can be offered to. */
  readonly peers: number
  /** How many offers are made at most. */
  readonly offers: number
  /** Whether the words go through a process that can end. */
  readonly isRelayed: boolean
  /** Whether the peer notes its request in progress, so that process 0 keeps a copy. */
  readonly keeps: boolean
  /** Whether the peer can give the connection back. */
  readonly returns: boolean
}

export interface Message {
  readonly attempt: number
  /** `closed`: what the attempt has brought is closed. */
  readonly word: 'offer' | GiverWord | TakerWord | 'closed'
}

/** One direction of a channel. Messages that the sender could not write yet die with it. Those in the kernel do not. */
export interface Line {
  unwritten: readonly Message[]
  kernel: readonly Message[]
}

/** `stuck`: it stands still for good. */
export type Life = 'runs' | 'stands still' | 'ran on' | 'stuck' | 'dead'

export interface Peer {
  /** Counts from 1. */
  readonly id: number
  life: Life
  /** It has closed its channel, and lives. */
  isCut: boolean
  /** The process that relayed the messages has ended. `unheard`: the peer does not know yet. */
  relay: 'lives' | 'unheard' | 'gone'
  /** What process 0 knows about its end. `cut`: nothing more will come, but the peer may live. */
  known: 'nothing' | 'cut' | 'end'
  toPeer: Line
  fromPeer: Line
}

/** One offer, from process 0 to one of the peers or from a peer to process 0. */
export interface Attempt {
  readonly from: number
  readonly to: number
  giver: Giver
  giverTimer: boolean
  taker: Taker | undefined
  takerTimer: boolean
  /** Whether the taker reads. */
  reads: boolean
}

export interface World extends State {
  readonly machines: Machines
  readonly rules: Rules
  /** Of process 0. */
  life: Life
  /** Process 0 reads from the connection by what it has had from the beginning, or is free to give it away. */
  holds: boolean
  peers: readonly Peer[]
  attempts: readonly Attempt[]
  /** Whose the connection is, as a bystander sees it who knows what is in the kernel. */
  owner: number
  /** The connection may be lost: its owner died, or it was closed on purpose. */
  mayBeLost: boolean
  /** The peer has noted that a request has begun, and not yet that it is answered. */
  inProgress: boolean
  /** The copy that process 0 has kept. */
  copy: 'none' | 'open' | 'served' | 'closed'
  /** The peer has the connection for good. */
  isSettled: boolean
}

export const runs = (life: Life): boolean => life === 'runs' || life === 'ran on'

const EMPTY: Line = { unwritten: [], kernel: [] }

export function createWorld(machines: Machines, rules: Rules): World {
  const peers = Array.from({ length: rules.peers }, (_, index): Peer => {
    const lines = { toPeer: { ...EMPTY }, fromPeer: { ...EMPTY } }
    return { id: index + 1, life: 'runs', isCut: false, relay: 'lives', known: 'nothing', ...lines }
  })
  const unowned = { attempts: [], owner: 0, mayBeLost: false }
  const unkept = { inProgress: false, copy: 'none', isSettled: false } as const
  return { machines, rules, budget: {}, now: 0, life: 'runs', holds: true, peers, ...unowned, ...unkept }
}

/** A copy that can take another course. Read-only parts are shared. */
export function copyWorld(world: World): World {
  const copyOf = (peer: Peer): Peer => ({ ...peer, toPeer: { ...peer.toPeer }, fromPeer: { ...peer.fromPeer } })
  return { ...world, peers: world.peers.map(copyOf), attempts: world.attempts.map((attempt) => ({ ...attempt })) }
}

export function peerOf({ peers }: World, id: number): Peer {
  return peers[id - 1] as Peer
}

export function lifeOf(world: World, process: number): Life {
  return process === 0 ? world.life : peerOf(world, process).life
}

/** What one process says to the other. */
export function lineOf(world: World, from: number, to: number): Line {
  return from === 0 ? peerOf(world, to).toPeer : peerOf(world, from).fromPeer
}

/** The attempt by which a peer gives the connection back. */
export function returnOf({ attempts }: World): Attempt | undefined {
  return attempts.find(({ from }) => from > 0)
}

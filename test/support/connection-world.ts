import type { Giver, GiverEffect, GiverInput, GiverWord, Move, TakerWord } from '../../lib/protocol/connection.js'
import * as giverMachine from '../../lib/protocol/connection.js'
import type { Taker, TakerEffect, TakerInput } from '../../lib/protocol/connection-taker.js'
import * as takerMachine from '../../lib/protocol/connection-taker.js'

/** The machines of both sides; a test can put a broken one in the place of a right one. */
export type Machines = Pick<typeof giverMachine, 'offer' | 'give'> & Pick<typeof takerMachine, 'take' | 'receive'>

export const MACHINES: Machines = { ...giverMachine, ...takerMachine }

interface Message {
  attempt: number
  word: 'offer' | GiverWord | TakerWord
}

/** One direction of a channel. What its sender could not yet write dies with the sender; what the kernel has does not. */
interface Line {
  unwritten: Message[]
  kernel: Message[]
}

/** `stuck`: it stands still for good. */
type Life = 'runs' | 'stands still' | 'ran on' | 'stuck' | 'dead'

interface Peer {
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
interface Attempt {
  peer: number
  giver: Giver
  giverTimer: boolean
  taker: Taker | undefined
  takerTimer: boolean
  reads: boolean
}

/** A giver, its peers and one connection. Plain JSON. */
export interface World {
  move: Move
  life: Life
  /** The giver reads from the connection, or is free to give it away. */
  holds: boolean
  peers: Peer[]
  attempts: Attempt[]
  /** Whose the connection is, as a bystander sees it who knows what is in the kernel: the giver (-1) or the peer with this number. */
  owner: number
  /** The connection may be lost: its owner died, or it was closed on purpose. */
  mayBeLost: boolean
  isRelayed: boolean
  faults: number
}

export function begin(move: Move, peers: number, machines: Machines): World {
  const line = (): Line => ({ unwritten: [], kernel: [] })
  const peer = (): Peer => ({
    life: 'runs',
    isCut: false,
    relay: 'lives',
    isOver: false,
    toTaker: line(),
    toGiver: line()
  })
  const all = Array.from({ length: peers }, peer)
  const world: World = {
    move,
    life: 'runs',
    holds: true,
    peers: all,
    attempts: [],
    owner: -1,
    mayBeLost: false,
    isRelayed: false,
    faults: 0
  }
  offerTo(world, 0, machines)
  return world
}

export const runs = (life: Life) => life === 'runs' || life === 'ran on'

export function offerTo(world: World, peer: number, { offer }: Machines): void {
  const [giver, effects] = offer(world.move)
  world.holds = false
  world.attempts.push({ peer, giver, giverTimer: false, taker: undefined, takerTimer: false, reads: false })
  carryOutGiver(world, world.attempts.length - 1, effects)
}

export function tellGiver(world: World, index: number, input: GiverInput, { give }: Machines): void {
  const attempt = world.attempts[index] as Attempt
  const [giver, effects] = give(attempt.giver, input)
  attempt.giver = giver
  carryOutGiver(world, index, effects)
}

function carryOutGiver(world: World, index: number, effects: readonly GiverEffect[]): void {
  const attempt = world.attempts[index] as Attempt
  const { toTaker } = world.peers[attempt.peer] as Peer
  for (const effect of effects) {
    if (effect.do === 'offer') toTaker.unwritten.push({ attempt: index, word: 'offer' })
    else if (effect.do === 'say') toTaker.unwritten.push({ attempt: index, word: effect.word })
    else if (effect.do === 'read on') world.holds = true
    // The app of a parent must not write from here on: a WebSocket is not the parent's any more before the word is with the kernel.
    else if (effect.do === 'let go' && world.move === 'websocket') release(world, attempt.peer)
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.giverTimer = effect.do === 'wait'
    else if (effect.do === 'conclude' && ['closed', 'abandoned'].includes(effect.outcome)) world.mayBeLost = true
  }
}

function release(world: World, peer: number): void {
  world.owner = peer
  if (world.peers[peer]?.life === 'dead' || world.peers[peer]?.isCut) world.mayBeLost = true
}

export function tellTaker(world: World, index: number, input: TakerInput, { receive }: Machines): void {
  const attempt = world.attempts[index] as Attempt
  if (attempt.taker === undefined) return
  const [taker, effects] = receive(attempt.taker, input)
  attempt.taker = taker
  carryOutTaker(world, index, effects)
}

function carryOutTaker(world: World, index: number, effects: readonly TakerEffect[]): void {
  const attempt = world.attempts[index] as Attempt
  const { toGiver } = world.peers[attempt.peer] as Peer
  for (const effect of effects) {
    if (effect.do === 'say') toGiver.unwritten.push({ attempt: index, word: effect.word })
    else if (effect.do === 'accept') attempt.reads = true
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.takerTimer = effect.do === 'wait'
  }
}

/** The giver writes its next message to a peer. */
export function writeToTaker(world: World, number: number, machines: Machines): void {
  const peer = world.peers[number] as Peer
  const message = peer.toTaker.unwritten.shift() as Message
  const arrives = peer.life !== 'dead' && !peer.isCut
  if (arrives) peer.toTaker.kernel.push(message)
  if (arrives && message.word === 'released') world.owner = number
  if (arrives && message.word === 'released') tellGiver(world, message.attempt, { type: 'sent' }, machines)
  if (!arrives && (message.word === 'offer' || message.word === 'released'))
    tellGiver(world, message.attempt, { type: 'not sent' }, machines)
}

export function writeToGiver(world: World, number: number, machines: Machines): void {
  const { toGiver, isCut } = world.peers[number] as Peer
  const message = toGiver.unwritten.shift() as Message
  const arrives = world.life !== 'dead' && !isCut
  if (arrives) toGiver.kernel.push(message)
  if (message.word !== 'taken') return
  if (arrives && world.move === 'http') world.owner = number
  tellTaker(world, message.attempt, { type: arrives ? 'sent' : 'not sent' }, machines)
}

/** The taker reads its next message. An offer can come without its handle: then Node drops it. */
export function readAtTaker(world: World, number: number, how: 'well' | 'lost' | 'unable', machines: Machines): void {
  const { toTaker, toGiver } = world.peers[number] as Peer
  const { attempt: index, word } = toTaker.kernel.shift() as Message
  const attempt = world.attempts[index] as Attempt
  if (word === 'released' || word === 'kept') tellTaker(world, index, { type: word }, machines)
  else if (word === 'sent') {
    const isOver = attempt.taker === undefined || attempt.taker.at === 'over'
    if (isOver) toGiver.unwritten.push({ attempt: index, word: 'refused' })
  } else if (how !== 'lost') {
    const [taker, effects] = machines.take(world.move, how === 'well')
    attempt.taker = taker
    carryOutTaker(world, index, effects)
  }
}

export function readAtGiver(world: World, number: number, atRest: boolean, machines: Machines): void {
  const { attempt, word } = (world.peers[number] as Peer).toGiver.kernel.shift() as Message
  tellGiver(world, attempt, word === 'taken' ? { type: 'taken', atRest } : { type: 'refused' }, machines)
}

export function killGiver(world: World): void {
  world.life = 'dead'
  world.holds = false
  if (world.owner === -1) world.mayBeLost = true
  for (const { toTaker } of world.peers) toTaker.unwritten = []
}

export function killTaker(world: World, number: number): void {
  const peer = world.peers[number] as Peer
  peer.life = 'dead'
  peer.toGiver.unwritten = []
  peer.toTaker.kernel = []
  if (world.owner === number) world.mayBeLost = true
}

/** The app of a taker closes the channel; what it has not read of it is lost. */
export function cut(world: World, number: number, machines: Machines): void {
  const peer = world.peers[number] as Peer
  peer.isCut = true
  peer.toTaker.kernel = []
  if (world.owner === number) world.mayBeLost = true
  for (const [index, { peer: of }] of world.attempts.entries())
    if (of === number) tellTaker(world, index, { type: 'cut off' }, machines)
}

/** Whoever passes the words on ends, and with it what it has not passed on: nothing, or all. */
export function loseRelay(world: World, number: number, passes: boolean): void {
  const peer = world.peers[number] as Peer
  peer.isCut = true
  peer.relay = 'unheard'
  if (!passes) peer.toTaker.kernel = peer.toGiver.kernel = []
  // What the one has let go of and the other has not heard of ends with the last copy.
  world.mayBeLost = true
}

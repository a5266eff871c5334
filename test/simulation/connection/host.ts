import type { GiverEffect, GiverInput } from '../../../lib/protocol/connection.js'
import type { TakerEffect, TakerInput } from '../../../lib/protocol/connection-taker.js'
import { type Attempt, type Line, type Message, type Peer, peerOf, type World } from './world.js'

/** Carries out what both machines want, and moves what they say, as honest hosts and a kernel do. */

export function offerTo(world: World, peer: number): void {
  const [giver, effects] = world.machines.offer(world.rules.move)
  world.holds = false
  const attempt: Attempt = { peer, giver, giverTimer: false, taker: undefined, takerTimer: false, reads: false }
  world.attempts = [...world.attempts, attempt]
  carryOutGiver(world, world.attempts.length - 1, effects)
}

export function tellGiver(world: World, index: number, input: GiverInput): void {
  const attempt = world.attempts[index] as Attempt
  const [giver, effects] = world.machines.give(attempt.giver, input)
  attempt.giver = giver
  carryOutGiver(world, index, effects)
}

function carryOutGiver(world: World, index: number, effects: readonly GiverEffect[]): void {
  const attempt = world.attempts[index] as Attempt
  const { toTaker } = peerOf(world, attempt.peer)
  for (const effect of effects) {
    if (effect.do === 'offer') say(toTaker, { attempt: index, word: 'offer' })
    else if (effect.do === 'say') say(toTaker, { attempt: index, word: effect.word })
    else if (effect.do === 'read on') world.holds = true
    // The app of a parent must not write from here on: a WebSocket is not the parent's any more before the word is with the kernel.
    else if (effect.do === 'let go' && world.rules.move === 'websocket') release(world, peerOf(world, attempt.peer))
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.giverTimer = effect.do === 'wait'
    else if (effect.do === 'conclude' && ['closed', 'abandoned'].includes(effect.outcome)) world.mayBeLost = true
  }
}

function release(world: World, { id, life, isCut }: Peer): void {
  world.owner = id
  if (life === 'dead' || isCut) world.mayBeLost = true
}

export function tellTaker(world: World, index: number, input: TakerInput): void {
  const attempt = world.attempts[index] as Attempt
  if (attempt.taker === undefined) return
  const [taker, effects] = world.machines.receive(attempt.taker, input)
  attempt.taker = taker
  carryOutTaker(world, index, effects)
}

function carryOutTaker(world: World, index: number, effects: readonly TakerEffect[]): void {
  const attempt = world.attempts[index] as Attempt
  const { toGiver } = peerOf(world, attempt.peer)
  for (const effect of effects) {
    if (effect.do === 'say') say(toGiver, { attempt: index, word: effect.word })
    else if (effect.do === 'accept') attempt.reads = true
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.takerTimer = effect.do === 'wait'
  }
}

/** All takers of a peer hear it. */
export function tellTakersOf(world: World, id: number, input: TakerInput): void {
  for (const [index, { peer }] of world.attempts.entries()) if (peer === id) tellTaker(world, index, input)
}

function say(line: Line, message: Message): void {
  line.unwritten = [...line.unwritten, message]
}

function take(line: Line, from: keyof Line): Message {
  const [message, ...rest] = line[from]
  line[from] = rest
  return message as Message
}

/** The giver writes its next message to a peer. */
export function writeToTaker(world: World, { id, toTaker, life, isCut }: Peer): void {
  const message = take(toTaker, 'unwritten')
  const { attempt, word } = message
  const arrives = life !== 'dead' && !isCut
  if (arrives) toTaker.kernel = [...toTaker.kernel, message]
  if (arrives && word === 'released') world.owner = id
  if (arrives && word === 'released') tellGiver(world, attempt, { type: 'sent' })
  if (!arrives && (word === 'offer' || word === 'released')) tellGiver(world, attempt, { type: 'not sent' })
}

export function writeToGiver(world: World, { id, toGiver, isCut }: Peer): void {
  const message = take(toGiver, 'unwritten')
  const arrives = world.life !== 'dead' && !isCut
  if (arrives) toGiver.kernel = [...toGiver.kernel, message]
  if (message.word !== 'taken') return
  if (arrives && world.rules.move === 'http') world.owner = id
  tellTaker(world, message.attempt, { type: arrives ? 'sent' : 'not sent' })
}

/** The taker reads its next message. An offer can come without its handle: then Node drops it. */
export function readAtTaker(world: World, { toTaker, toGiver }: Peer, how: 'well' | 'lost' | 'unable'): void {
  const { attempt: index, word } = take(toTaker, 'kernel')
  const attempt = world.attempts[index] as Attempt
  if (word === 'released' || word === 'kept') tellTaker(world, index, { type: word })
  else if (word === 'sent') {
    const isOver = attempt.taker === undefined || attempt.taker.at === 'over'
    if (isOver) say(toGiver, { attempt: index, word: 'refused' })
  } else if (how !== 'lost') {
    const [taker, effects] = world.machines.take(world.rules.move, how === 'well')
    attempt.taker = taker
    carryOutTaker(world, index, effects)
  }
}

export function readAtGiver(world: World, { toGiver }: Peer, atRest: boolean): void {
  const { attempt, word } = take(toGiver, 'kernel')
  tellGiver(world, attempt, word === 'taken' ? { type: 'taken', atRest } : { type: 'refused' })
}

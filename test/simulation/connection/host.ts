import type { GiverEffect, GiverInput } from '../../../lib/protocol/connection.js'
import type { TakerEffect, TakerInput } from '../../../lib/protocol/connection-taker.js'
import { keep, tellOfCopy } from './copy.js'
import { type Attempt, type Line, lifeOf, lineOf, type Message, peerOf, type World } from './world.js'

/** Carries out what both machines want, as honest hosts do. */

export function offer(world: World, from: number, to: number): void {
  const [giver, effects] = world.machines.offer(world.rules.move)
  read(world, from, false)
  const attempt: Attempt = { from, to, giver, giverTimer: false, taker: undefined, takerTimer: false, reads: false }
  world.attempts = [...world.attempts, attempt]
  carryOutGiver(world, world.attempts.length - 1, effects, false)
}

/** What the giver reads from; a peer, from what has come to it. */
function read(world: World, giver: number, reads: boolean): void {
  const came = world.attempts.find(({ to }) => to === giver)
  if (giver === 0) world.holds = reads
  else if (came !== undefined) came.reads = reads
}

export function tellGiver(world: World, index: number, input: GiverInput): void {
  const attempt = world.attempts[index] as Attempt
  const [giver, effects] = world.machines.give(attempt.giver, input)
  attempt.giver = giver
  carryOutGiver(world, index, effects, input.type === 'taken')
}

function carryOutGiver(world: World, index: number, effects: readonly GiverEffect[], isTaken: boolean): void {
  const attempt = world.attempts[index] as Attempt
  const { from, to } = attempt
  for (const effect of effects) {
    if (effect.do === 'offer') say(lineOf(world, from, to), { attempt: index, word: 'offer' })
    else if (effect.do === 'say') say(lineOf(world, from, to), { attempt: index, word: effect.word })
    else if (effect.do === 'read on') read(world, from, true)
    else if (effect.do === 'let go') letGo(world, attempt, isTaken)
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.giverTimer = effect.do === 'wait'
    else if (effect.do === 'conclude' && ['closed', 'abandoned'].includes(effect.outcome)) world.mayBeLost = true
  }
}

function letGo(world: World, { from, to }: Attempt, isTaken: boolean): void {
  // The app of a parent must not write from here on: a WebSocket is not the parent's any more before the word is with
  // the kernel.
  if (world.rules.move === 'websocket') release(world, from, to)
  else if (from > 0) sayClosed(world, from)
  else if (isTaken && world.rules.keeps) keep(world)
}

function release(world: World, from: number, to: number): void {
  world.owner = to
  if (lifeOf(world, to) === 'dead' || peerOf(world, from || to).isCut) world.mayBeLost = true
}

export function tellTaker(world: World, index: number, input: TakerInput): void {
  const attempt = world.attempts[index] as Attempt
  if (attempt.taker === undefined) return
  const [taker, effects] = world.machines.receive(attempt.taker, input)
  attempt.taker = taker
  carryOutTaker(world, index, effects)
}

/** An offer has arrived. */
export function takeOffer(world: World, index: number, isAble: boolean): void {
  const attempt = world.attempts[index] as Attempt
  const [taker, effects] = world.machines.take(world.rules.move, isAble)
  attempt.taker = taker
  carryOutTaker(world, index, effects)
}

function carryOutTaker(world: World, index: number, effects: readonly TakerEffect[]): void {
  const attempt = world.attempts[index] as Attempt
  for (const effect of effects) {
    if (effect.do === 'say') say(lineOf(world, attempt.to, attempt.from), { attempt: index, word: effect.word })
    else if (effect.do === 'accept') accept(world, attempt)
    else if (effect.do === 'wait' || effect.do === 'cancel') attempt.takerTimer = effect.do === 'wait'
  }
}

function accept(world: World, attempt: Attempt): void {
  if (attempt.to === 0 && world.rules.keeps) tellOfCopy(world, { type: 'given back' })
  attempt.reads = true
}

/** All takers of a process hear it. */
export function tellTakersOf(world: World, process: number, input: TakerInput): void {
  for (const [index, { to }] of world.attempts.entries()) if (to === process) tellTaker(world, index, input)
}

/** All givers of a process hear it. */
export function tellGiversOf(world: World, process: number, other: number, input: GiverInput): void {
  for (const [index, { from, to }] of world.attempts.entries())
    if (from === process && to === other) tellGiver(world, index, input)
}

export function say(line: Line, message: Message): void {
  line.unwritten = [...line.unwritten, message]
}

/** A peer has closed what had come to it. */
export function sayClosed(world: World, peer: number): void {
  const attempt = world.attempts.findIndex(({ to }) => to === peer)
  if (world.rules.keeps) say(peerOf(world, peer).fromPeer, { attempt, word: 'closed' })
}

import { adder, type Event } from '../kind.js'
import { type Attempt, lifeOf, type Peer, peerOf, returnOf, runs, type World } from './world.js'

/** What may happen next to a connection that moves. */

export interface ConnectionEvent extends Event {
  readonly act:
    | 'goes on'
    | 'writes'
    | 'hears'
    | 'hears the end of'
    | 'hears that the relay is gone'
    | 'due'
    | (typeof CHOICES)[number]
    | (typeof FAULTS)[number]
}

/** What somebody is free to do, or not. */
const CHOICES = [
  'offers to',
  'stops moving',
  'settles',
  'begins a request',
  'answers it',
  'closes the connection',
  'gives back'
] as const

/** All that can go wrong; a budget counts them together. */
export const FAULTS = [
  'dies',
  'stands still',
  'never goes on',
  'hears the client close',
  'loses the relay',
  'closes its channel',
  'loses the handle',
  'has no room'
] as const

type Add = ReturnType<typeof adder<ConnectionEvent>>

/** What happens by itself, sooner or later. */
export function progress(world: World): ConnectionEvent[] {
  const events: ConnectionEvent[] = []
  const add = adder(events, 0)
  if (world.life === 'stands still') add('goes on')
  for (const peer of world.peers) {
    if (runs(world.life)) addFirst(world, peer, add)
    addPeer(world, peer, adder(events, peer.id))
  }
  for (const [index, attempt] of world.attempts.entries()) {
    const { from, to, giverTimer, takerTimer } = attempt
    if (giverTimer && runs(lifeOf(world, from))) adder(events, from)('due', index)
    if (takerTimer && runs(lifeOf(world, to))) adder(events, to)('due', index)
    if (hearsOfEnd(world, attempt)) adder(events, from || to)('hears the end of', index)
  }
  return events
}

function addFirst({ rules }: World, { id, life, isCut, known, toPeer, fromPeer }: Peer, add: Add): void {
  const [letter] = fromPeer.kernel
  if (toPeer.unwritten.length > 0) add('writes', id)
  if (letter !== undefined) add('hears', id)
  if (letter?.word === 'taken' && rules.move === 'websocket') add('hears', `${id}, not at rest`)
  const isUnknown = known === 'nothing' ? life === 'dead' || isCut : known === 'cut' && life === 'dead'
  if (isUnknown && letter === undefined) add('hears the end of', id)
}

function addPeer({ rules }: World, { life, relay, toPeer, fromPeer }: Peer, add: Add): void {
  const [letter] = toPeer.kernel
  if (life === 'stands still') add('goes on')
  if (!runs(life)) return
  if (fromPeer.unwritten.length > 0) add('writes')
  if (letter?.word === 'taken' && rules.move === 'websocket') add('hears', 'not at rest')
  if (letter !== undefined) add('hears')
  else if (relay === 'unheard') add('hears that the relay is gone')
}

/** Whether a peer learns that process 0 has ended, or that it will hear no answer. */
function hearsOfEnd(world: World, { from, to, giver, taker }: Attempt): boolean {
  const { life, relay, isCut, toPeer } = peerOf(world, from || to)
  const waits = from === 0 ? taker !== undefined && taker.at !== 'over' : giver.at !== 'over'
  const isEnd = world.life === 'dead' || (from > 0 && isCut)
  return waits && isEnd && relay === 'lives' && toPeer.kernel.length === 0 && runs(life)
}

/** What else may happen, or not. */
export function faults(world: World): ConnectionEvent[] {
  const events: ConnectionEvent[] = []
  if (runs(world.life)) addChoices(world, adder(events, 0))
  if (world.rules.returns || world.rules.keeps) addChoicesOfPeer(world, peerOf(world, 1), adder(events, 1))
  if ((world.budget.fault ?? 0) <= 0) return events
  const add = adder(events, 0, 'fault')
  if (world.life !== 'dead') add('dies')
  if (world.life === 'runs') add('stands still')
  if (world.rules.move !== 'surplus' && runs(world.life)) add('hears the client close')
  for (const peer of world.peers) addFaults(world, peer, adder(events, peer.id, 'fault'))
  if (runs(world.life) && peerOf(world, 1).fromPeer.kernel[0]?.word === 'offer') addArrival(add)
  return events
}

function addChoices({ holds, rules, attempts, peers, isSettled }: World, add: Add): void {
  const [first] = attempts
  if (rules.move === 'surplus') {
    const mayOffer = holds && attempts.length < rules.offers
    for (const { id, known } of peers) if (mayOffer && known === 'nothing') add('offers to', id)
  } else if (!rules.keeps && !rules.returns && first !== undefined && !first.giver.stopped && first.giver.at !== 'over')
    add('stops moving')
  // Either the peer has the connection for good, or it gives it back.
  if (rules.keeps && !isSettled && attempts.length === 1) add('settles')
}

/** What a peer does with the connection that has come to it. */
function addChoicesOfPeer({ rules, life, attempts, inProgress, isSettled }: World, peer: Peer, add: Add): void {
  const [first] = attempts
  if (first?.reads !== true || isSettled || !runs(peer.life)) return
  if (rules.returns && !inProgress && attempts.length === 1) add('gives back')
  if (!rules.keeps || life === 'dead') return
  add(inProgress ? 'answers it' : 'begins a request')
  add('closes the connection')
}

function addFaults(world: World, { life, isCut, toPeer }: Peer, add: Add): void {
  if (life !== 'dead') add('dies')
  if (life === 'runs') add('stands still')
  if (life === 'stands still') add('never goes on')
  if (world.rules.isRelayed && !isCut)
    for (const passes of ['all', 'nothing']) add('loses the relay', `that passed on ${passes}`)
  if (!runs(life)) return
  if (!isCut) add('closes its channel')
  const back = returnOf(world)
  if (back !== undefined && back.giver.at !== 'over') add('hears the client close')
  if (toPeer.kernel[0]?.word === 'offer') addArrival(add)
}

function addArrival(add: Add): void {
  add('loses the handle')
  add('has no room')
}

import { adder, type Event } from '../kind.js'
import { type Peer, peerOf, runs, type World } from './world.js'

/** What may happen next to a connection that moves. */

export interface ConnectionEvent extends Event {
  readonly act:
    | 'goes on'
    | 'writes'
    | 'hears'
    | 'hears the end of'
    | 'hears that the relay is gone'
    | 'due'
    | 'offers to'
    | 'stops moving'
    | (typeof FAULTS)[number]
}

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
    if (runs(world.life)) addGiver(world, peer, add)
    addTaker(peer, adder(events, peer.id))
  }
  for (const [index, { peer, giverTimer, takerTimer, taker }] of world.attempts.entries()) {
    const { life, relay, toTaker } = peerOf(world, peer)
    if (giverTimer && runs(world.life)) add('due', index)
    if (takerTimer && runs(life)) adder(events, peer)('due', index)
    const isLast = world.life === 'dead' && relay === 'lives' && toTaker.kernel.length === 0
    if (isLast && runs(life) && taker !== undefined && taker.at !== 'over')
      adder(events, peer)('hears the end of', index)
  }
  return events
}

function addGiver({ rules }: World, { id, life, isCut, isOver, toTaker, toGiver }: Peer, add: Add): void {
  const [letter] = toGiver.kernel
  if (toTaker.unwritten.length > 0) add('writes', id)
  if (letter !== undefined) add('hears', id)
  if (letter?.word === 'taken' && rules.move === 'websocket') add('hears', `${id}, not at rest`)
  if ((life === 'dead' || isCut) && !isOver && letter === undefined) add('hears the end of', id)
}

function addTaker({ life, relay, toTaker, toGiver }: Peer, add: Add): void {
  if (life === 'stands still') add('goes on')
  if (!runs(life)) return
  if (toGiver.unwritten.length > 0) add('writes')
  if (toTaker.kernel.length > 0) add('hears')
  else if (relay === 'unheard') add('hears that the relay is gone')
}

/** What else may happen, or not. */
export function faults(world: World): ConnectionEvent[] {
  const events: ConnectionEvent[] = []
  if (runs(world.life)) addChoices(world, adder(events, 0))
  if ((world.budget.fault ?? 0) <= 0) return events
  const add = adder(events, 0, 'fault')
  if (world.life !== 'dead') add('dies')
  if (world.life === 'runs') add('stands still')
  if (world.rules.move !== 'surplus' && runs(world.life)) add('hears the client close')
  for (const peer of world.peers) addFaults(world, peer, adder(events, peer.id, 'fault'))
  return events
}

function addChoices({ holds, rules, attempts, peers }: World, add: Add): void {
  const [first] = attempts
  if (rules.move === 'surplus') {
    const mayOffer = holds && attempts.length < rules.offers
    for (const { id, isOver } of peers) if (mayOffer && !isOver) add('offers to', id)
  } else if (first !== undefined && !first.giver.stopped && first.giver.at !== 'over') add('stops moving')
}

function addFaults({ rules }: World, { life, isCut, toTaker }: Peer, add: Add): void {
  if (life !== 'dead') add('dies')
  if (life === 'runs') add('stands still')
  if (life === 'stands still') add('never goes on')
  if (rules.isRelayed && !isCut)
    for (const passes of ['all', 'nothing']) add('loses the relay', `that passed on ${passes}`)
  if (!runs(life)) return
  if (!isCut) add('closes its channel')
  if (toTaker.kernel[0]?.word !== 'offer') return
  add('loses the handle')
  add('has no room')
}

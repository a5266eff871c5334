import type { ConnectionEvent } from './events.js'
import {
  offerTo,
  readAtGiver,
  readAtTaker,
  tellGiver,
  tellTaker,
  tellTakersOf,
  writeToGiver,
  writeToTaker
} from './host.js'
import { type Attempt, type Peer, peerOf, type World } from './world.js'

/** Lets an event happen. */
export function happen(world: World, { process, act, detail }: ConnectionEvent): void {
  if (process === 0) OF_GIVER[act]?.(world, detail)
  else OF_TAKER[act]?.(world, peerOf(world, process), detail)
}

type Acts<A> = { readonly [K in ConnectionEvent['act']]?: A }

const OF_GIVER: Acts<(world: World, detail: string) => void> = {
  'goes on': (world) => {
    world.life = 'ran on'
  },
  'stands still': (world) => {
    world.life = 'stands still'
  },
  writes: (world, peer) => writeToTaker(world, peerOf(world, Number(peer))),
  hears: (world, detail) =>
    readAtGiver(world, peerOf(world, Number.parseInt(detail, 10)), !detail.endsWith('not at rest')),
  'hears the end of': (world, id) => {
    const peer = peerOf(world, Number(id))
    peer.isOver = true
    const type = peer.relay === 'lives' ? 'taker ended' : 'taker out of reach'
    for (const [index, attempt] of world.attempts.entries())
      if (attempt.peer === peer.id) tellGiver(world, index, { type })
  },
  due: (world, index) => {
    const attempt = world.attempts[Number(index)] as Attempt
    attempt.giverTimer = false
    tellGiver(world, Number(index), { type: 'due' })
  },
  'offers to': (world, peer) => offerTo(world, Number(peer)),
  'stops moving': (world) => tellGiver(world, 0, { type: 'stop' }),
  'hears the client close': (world) => tellGiver(world, 0, { type: 'closed' }),
  dies: (world) => {
    world.life = 'dead'
    world.holds = false
    if (world.owner === 0) world.mayBeLost = true
    for (const { toTaker } of world.peers) toTaker.unwritten = []
  }
}

const OF_TAKER: Acts<(world: World, peer: Peer, detail: string) => void> = {
  'goes on': (_world, peer) => {
    peer.life = 'ran on'
  },
  'stands still': (_world, peer) => {
    peer.life = 'stands still'
  },
  'never goes on': (_world, peer) => {
    peer.life = 'stuck'
  },
  writes: writeToGiver,
  hears: (world, peer) => readAtTaker(world, peer, 'well'),
  'loses the handle': (world, peer) => readAtTaker(world, peer, 'lost'),
  'has no room': (world, peer) => readAtTaker(world, peer, 'unable'),
  'hears that the relay is gone': (world, peer) => {
    peer.relay = 'gone'
    tellTakersOf(world, peer.id, { type: 'cut off' })
  },
  'hears the end of': (world, _peer, index) => tellTaker(world, Number(index), { type: 'giver ended' }),
  due: (world, _peer, index) => {
    const attempt = world.attempts[Number(index)] as Attempt
    attempt.takerTimer = false
    tellTaker(world, Number(index), { type: 'due' })
  },
  dies: (world, peer) => {
    peer.life = 'dead'
    peer.toGiver.unwritten = []
    loseUnread(world, peer)
  },
  // The app of a taker closes the channel.
  'closes its channel': (world, peer) => {
    peer.isCut = true
    loseUnread(world, peer)
    tellTakersOf(world, peer.id, { type: 'cut off' })
  },
  // Whoever passes the words on ends, and with it what it has not passed on.
  'loses the relay': (world, peer, passes) => {
    peer.isCut = true
    peer.relay = 'unheard'
    if (passes.endsWith('nothing')) peer.toTaker.kernel = peer.toGiver.kernel = []
    // What the one has let go of and the other has not heard of ends with the last copy.
    world.mayBeLost = true
  }
}

function loseUnread(world: World, peer: Peer): void {
  peer.toTaker.kernel = []
  if (world.owner === peer.id) world.mayBeLost = true
}

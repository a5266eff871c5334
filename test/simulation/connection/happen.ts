import { endFirst, endPeer, hearOfEnd, isKept, tellOfCopy } from './copy.js'
import type { ConnectionEvent } from './events.js'
import { offer, sayClosed, tellGiver, tellGiversOf, tellTaker, tellTakersOf } from './host.js'
import { hear, loseUnread, write } from './lines.js'
import { type Attempt, type Peer, peerOf, type World } from './world.js'

/** Lets an event happen. */
export function happen(world: World, { process, act, detail }: ConnectionEvent): void {
  if (act === 'due') due(world, process, Number(detail))
  else if (process === 0) OF_FIRST[act]?.(world, detail)
  else OF_PEER[act]?.(world, peerOf(world, process), detail)
}

type Acts<A> = { readonly [K in ConnectionEvent['act']]?: A }

const OF_FIRST: Acts<(world: World, detail: string) => void> = {
  'goes on': (world) => {
    world.life = 'ran on'
  },
  'stands still': (world) => {
    world.life = 'stands still'
  },
  writes: (world, peer) => write(world, 0, Number(peer)),
  hears: (world, detail) =>
    hear(world, Number.parseInt(detail, 10), 0, detail.endsWith('not at rest') ? 'not at rest' : 'well'),
  'loses the handle': (world) => hearPoorly(world, 'lost'),
  'has no room': (world) => hearPoorly(world, 'unable'),
  'hears the end of': (world, id) => learnOfEnd(world, peerOf(world, Number(id))),
  'offers to': (world, peer) => offer(world, 0, Number(peer)),
  'stops moving': (world) => tellGiver(world, 0, { type: 'stop' }),
  settles: (world) => {
    world.isSettled = true
    if (world.owner > 0 && peerOf(world, world.owner).life === 'dead') world.mayBeLost = true
    tellOfCopy(world, { type: 'settled' })
  },
  'hears the client close': (world) => tellGiver(world, 0, { type: 'closed' }),
  dies: endFirst
}

function hearPoorly(world: World, how: 'lost' | 'unable'): void {
  forgoReturn(world)
  hear(world, 1, 0, how)
}

/** Process 0 does not take a returned connection. If a dead peer left no other copy, the connection is lost. */
function forgoReturn(world: World): void {
  if (peerOf(world, 1).life === 'dead' && !isKept(world)) world.mayBeLost = true
}

function learnOfEnd(world: World, peer: Peer): void {
  const isOutOfReach = peer.relay !== 'lives'
  const type = isOutOfReach ? 'taker out of reach' : 'taker ended'
  if (peer.known === 'nothing') tellGiversOf(world, 0, peer.id, { type })
  peer.known = isOutOfReach || peer.life === 'dead' ? 'end' : 'cut'
  // What a peer has that lives, it may read from.
  if (peer.known === 'cut') return
  tellTakersOf(world, 0, { type: isOutOfReach ? 'cut off' : 'giver ended' })
  hearOfEnd(world, isOutOfReach)
}

function due(world: World, process: number, index: number): void {
  const attempt = world.attempts[index] as Attempt
  if (attempt.from === process) {
    attempt.giverTimer = false
    tellGiver(world, index, { type: 'due' })
  } else {
    attempt.takerTimer = false
    if (process === 0) forgoReturn(world)
    tellTaker(world, index, { type: 'due' })
  }
}

const OF_PEER: Acts<(world: World, peer: Peer, detail: string) => void> = {
  'goes on': (_world, peer) => {
    peer.life = 'ran on'
  },
  'stands still': (_world, peer) => {
    peer.life = 'stands still'
  },
  'never goes on': (_world, peer) => {
    peer.life = 'stuck'
  },
  writes: (world, { id }) => write(world, id, 0),
  hears: (world, { id }, detail) => hear(world, 0, id, detail === 'not at rest' ? detail : 'well'),
  'loses the handle': (world, { id }) => hear(world, 0, id, 'lost'),
  'has no room': (world, { id }) => hear(world, 0, id, 'unable'),
  'hears that the relay is gone': (world, peer) => {
    peer.relay = 'gone'
    tellTakersOf(world, peer.id, { type: 'cut off' })
    tellGiversOf(world, peer.id, 0, { type: 'taker out of reach' })
  },
  'hears the end of': (world, _peer, index) => {
    const { from } = world.attempts[Number(index)] as Attempt
    // An answer that was not read is lost with a channel that was closed here.
    const type = world.life === 'dead' ? 'taker ended' : 'taker out of reach'
    if (from === 0) tellTaker(world, Number(index), { type: 'giver ended' })
    else tellGiver(world, Number(index), { type })
  },
  dies: endPeer,
  // The app of a peer closes the channel.
  'closes its channel': (world, peer) => {
    peer.isCut = true
    loseUnread(world, peer)
    tellTakersOf(world, peer.id, { type: 'cut off' })
  },
  // The process that relays the messages ends, and with it the messages that it has not relayed.
  'loses the relay': (world, peer, passes) => {
    peer.isCut = true
    peer.relay = 'unheard'
    if (passes.endsWith('nothing')) peer.toPeer.kernel = peer.fromPeer.kernel = []
    // If one has let go of the connection and the other does not know yet, the connection ends with the last copy.
    world.mayBeLost = true
  },
  'gives back': (world, { id }) => offer(world, id, 0),
  // It is noted before anything is done about it.
  'begins a request': (world) => {
    world.inProgress = true
  },
  'answers it': (world) => {
    world.inProgress = false
  },
  'closes the connection': (world, { id }) => {
    const [first] = world.attempts
    if (first !== undefined) first.reads = false
    world.mayBeLost = true
    sayClosed(world, id)
  },
  'hears the client close': (world, { id }) => {
    tellGiversOf(world, id, 0, { type: 'closed' })
    sayClosed(world, id)
  }
}

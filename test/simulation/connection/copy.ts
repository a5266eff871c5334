import type { KeptInput } from '../../../lib/protocol/connection-kept.js'
import { type Peer, peerOf, returnOf, type World } from './world.js'

/** The copy that process 0 keeps of a moved connection, and what happens to the connection when a process dies. */

/** The peer has said that it takes the connection, and notes its request in progress. */
export function keep(world: World): void {
  world.copy = 'open'
  if (world.isSettled) tellOfCopy(world, { type: 'settled' })
}

export function tellOfCopy(world: World, input: KeptInput): void {
  if (world.copy !== 'open') return
  const end = world.machines.endKept(input)
  if (end === 'serve') world.copy = 'served'
  else if (end === 'let go') world.copy = 'closed'
}

/** The peer has ended, and all that it said was heard; or it cannot be reached any more. */
export function hearOfEnd(world: World, isOutOfReach: boolean): void {
  tellOfCopy(
    world,
    isOutOfReach ? { type: 'taker out of reach' } : { type: 'taker ended', inProgress: world.inProgress }
  )
}

/** Data that is not in the kernel yet, or was not read, ends with the process. */
export function endFirst(world: World): void {
  world.life = 'dead'
  world.holds = false
  if (world.copy !== 'none') world.copy = 'closed'
  if (world.owner === 0 || peerOf(world, world.owner).life === 'dead') world.mayBeLost = true
  for (const { toPeer, fromPeer } of world.peers) toPeer.unwritten = fromPeer.kernel = []
}

export function endPeer(world: World, peer: Peer): void {
  peer.life = 'dead'
  peer.fromPeer.unwritten = []
  peer.toPeer.kernel = []
  if (world.owner === peer.id && !isInherited(world, peer)) world.mayBeLost = true
}

/** Whether process 0 will have what a peer had that has just died. */
function isInherited(world: World, { relay, fromPeer }: Peer): boolean {
  if (world.life === 'dead' || relay !== 'lives') return false
  if (isKept(world)) return true
  const { giver, taker } = returnOf(world) ?? {}
  if (giver?.at !== 'offered' && giver?.at !== 'asked') return false
  return taker === undefined ? fromPeer.kernel.some(({ word }) => word === 'offer') : taker.at !== 'over'
}

/**
 * Whether process 0 has a copy, or will have one when it learns that the connection was taken, without a request in
 * progress.
 */
export function isKept({ rules, inProgress, copy, isSettled }: World): boolean {
  return rules.keeps && !inProgress && (copy === 'none' || copy === 'open') && !isSettled
}

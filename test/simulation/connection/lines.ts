import { tellOfCopy } from './copy.js'
import { say, takeOffer, tellGiver, tellTaker } from './host.js'
import { type Attempt, type Line, lifeOf, lineOf, type Message, type Peer, peerOf, type World } from './world.js'

/** Moves what processes say to each other, as a kernel does. */

function take(line: Line, from: keyof Line): Message {
  const [message, ...rest] = line[from]
  line[from] = rest
  return message as Message
}

/** A process writes its next message to another one. */
export function write(world: World, from: number, to: number): void {
  const line = lineOf(world, from, to)
  const message = take(line, 'unwritten')
  const { attempt, word } = message
  const arrives = lifeOf(world, to) !== 'dead' && !peerOf(world, from || to).isCut
  if (arrives) line.kernel = [...line.kernel, message]
  if (arrives && (word === 'released' || (word === 'taken' && world.rules.move === 'http')))
    world.owner = (world.attempts[attempt] as Attempt).to
  if (word === 'taken') tellTaker(world, attempt, { type: arrives ? 'sent' : 'not sent' })
  else if (word === 'released') tellGiver(world, attempt, { type: arrives ? 'sent' : 'not sent' })
  else if (word === 'offer' && !arrives) tellGiver(world, attempt, { type: 'not sent' })
}

/** How a message arrives: an offer can come without its handle, if Node has dropped that. */
export type Hearing = 'well' | 'not at rest' | 'lost' | 'unable'

/** A process reads the next message of another one. */
export function hear(world: World, from: number, to: number, how: Hearing): void {
  const { attempt, word } = take(lineOf(world, from, to), 'kernel')
  if (word === 'closed') tellOfCopy(world, { type: 'closed' })
  else if (word === 'taken') tellGiver(world, attempt, { type: 'taken', atRest: how === 'well' })
  else if (word === 'refused') tellGiver(world, attempt, { type: 'refused' })
  else if (word === 'released' || word === 'kept') tellTaker(world, attempt, { type: word })
  else if (word === 'sent') inquire(world, attempt)
  else if (how !== 'lost') takeOffer(world, attempt, how === 'well')
}

function inquire(world: World, index: number): void {
  const { from, to, taker } = world.attempts[index] as Attempt
  const isOver = taker === undefined || taker.at === 'over'
  if (isOver) say(lineOf(world, to, from), { attempt: index, word: 'refused' })
}

/** What a peer could still have read is lost. */
export function loseUnread(world: World, peer: Peer): void {
  peer.toPeer.kernel = []
  if (world.owner === peer.id && world.rules.move !== 'http') world.mayBeLost = true
}

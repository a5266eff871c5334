import type { BalanceEffect, BalanceInput } from '../../../lib/protocol/balance.js'
import { type GiverEffect, type GiverInput, give, offer } from '../../../lib/protocol/connection.js'
import { receive, type TakerEffect, type TakerInput, take } from '../../../lib/protocol/connection-taker.js'
import { wrongClose, wrongOffer } from './giving.js'
import {
  connectionOf,
  LISTENER,
  type Message,
  type Offer,
  offerOf,
  type Server,
  serverOf,
  type World
} from './world.js'

/** Carries out what the machines want, as honest hosts do. */

/** How long a server may take with a connection, and how long a connection waits. Milliseconds. */
const LIMITS = { answer: 100, limit: 400, wait: 30_000 }

export function tell(world: World, input: BalanceInput): void {
  const [balance, effects] = world.machine.stepBalance(world.balance, input)
  world.balance = balance
  for (const effect of effects) carryOut(world, effect)
}

function carryOut(world: World, effect: BalanceEffect): unknown {
  switch (effect.do) {
    case 'offer':
      return makeOffer(world, effect)
    case 'close':
      return close(world, effect.connection)
    case 'wait':
      return Object.assign(connectionOf(world, effect.connection), {
        timer: { name: 'wait', at: world.now + LIMITS.wait }
      })
    case 'report share':
      return Object.assign(serverOf(world, effect.server), { share: effect.share })
    case 'hear':
      return Object.assign(world, { isHearing: true })
    default:
      return effect satisfies never
  }
}

function makeOffer(world: World, { offer: id, connection, server }: Extract<BalanceEffect, { do: 'offer' }>): void {
  world.broken ??= wrongOffer(world, connection, server)
  const [giver, effects] = offer('surplus')
  const isUnsendable = serverOf(world, server).life === 'dead'
  const made: Offer = {
    ...{ id, connection, server, giver, isUnsendable },
    ...{ timer: undefined, hasAnswered: false, taker: undefined, reads: false, hasMoved: false }
  }
  world.offers = [...world.offers, made]
  carryOutGiver(world, made, effects)
}

function close(world: World, id: number): void {
  world.broken ??= wrongClose(world, id)
  const connection = connectionOf(world, id)
  connection.isOpen = false
  connection.timer = undefined
}

/** A server passes a connection on, which is the launcher's from then on. */
export function passOn(world: World): void {
  const id = world.connections.length + 1
  const fresh = { isDue: false, timer: undefined, refused: [], unreached: [] }
  world.connections = [...world.connections, { id, isOpen: true, ...fresh }]
  tell(world, { type: 'held', connection: id, listener: LISTENER })
}

/** The servers that the launcher counts on, after a change of them. */
export function tellAccepting(world: World): void {
  const accepting = world.servers.filter(({ isAccepting }) => isAccepting)
  const servers = accepting.map(({ id, isListening }) => ({ server: id, listeners: isListening ? [LISTENER] : [] }))
  tell(world, { type: 'accepting', servers })
}

export function report(world: World, server: Server): void {
  server.reported = server.count
  tell(world, { type: 'counted', server: server.id, count: server.count })
}

export function tellGiver(world: World, id: number, input: GiverInput): void {
  const made = offerOf(world, id)
  const [giver, effects] = give(made.giver, input)
  made.giver = giver
  carryOutGiver(world, made, effects)
}

function carryOutGiver(world: World, made: Offer, effects: readonly GiverEffect[]): void {
  const { id, giver, hasAnswered } = made
  for (const effect of effects) {
    if (effect.do === 'offer') say(world, made, 'offer')
    // The release is written in an event of its own.
    else if (effect.do === 'say' && effect.word !== 'released') say(world, made, effect.word)
    else if (effect.do === 'wait') made.timer = { name: effect.timer, at: world.now + LIMITS[effect.timer] }
    else if (effect.do === 'cancel') made.timer = undefined
    else if (effect.do === 'forget') tell(world, { type: 'answered', offer: id })
    else if (effect.do === 'conclude') {
      const { outcome } = effect
      if (outcome === 'refused') noteRefusal(world, made)
      made.hasMoved = outcome === 'moved'
      tell(world, { type: 'concluded', offer: id, outcome, isLate: giver.at === 'late', hasAnswered })
    }
  }
}

function noteRefusal(world: World, { connection: id, server, hasAnswered }: Offer): void {
  const connection = connectionOf(world, id)
  if (hasAnswered) connection.refused = [...connection.refused, server]
  else connection.unreached = [...connection.unreached, server]
}

/** Says something to a server. A dead one has no channel. */
export function say(world: World, { id, server }: Offer, word: Message['word']): void {
  const to = serverOf(world, server)
  if (to.life !== 'dead') to.toServer = [...to.toServer, { offer: id, word }]
}

export function takeOffer(world: World, made: Offer): void {
  const [taker, effects] = take('surplus', serverOf(world, made.server).isListening)
  made.taker = taker
  carryOutTaker(world, made, effects)
}

export function tellTaker(world: World, made: Offer, input: TakerInput): void {
  if (made.taker === undefined) return
  const [taker, effects] = receive(made.taker, input)
  made.taker = taker
  carryOutTaker(world, made, effects)
}

function carryOutTaker(world: World, made: Offer, effects: readonly TakerEffect[]): void {
  const server = serverOf(world, made.server)
  for (const effect of effects) {
    if (effect.do === 'say') answer(server, { offer: made.id, word: effect.word })
    else if (effect.do === 'accept') {
      made.reads = true
      server.count++
    }
  }
}

/** A server says something to the launcher. */
export function answer(server: Server, message: Message): void {
  server.fromServer = [...server.fromServer, message]
}

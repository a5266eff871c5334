import type { BalanceEvent } from './events.js'
import { answer, passOn, report, takeOffer, tell, tellAccepting, tellGiver, tellTaker } from './host.js'
import { connectionOf, newServer, offerOf, type Server, serverOf, type World } from './world.js'

/** Lets an event happen. */
export function happen(world: World, { process, act, detail }: BalanceEvent): void {
  if (process === 0) OF_LAUNCHER[act]?.(world, detail)
  else OF_SERVER[act]?.(world, serverOf(world, process))
}

type Acts<A> = { readonly [K in BalanceEvent['act']]?: A }

/** How many clients come and go at once. */
const CLIENTS = 10

const OF_LAUNCHER: Acts<(world: World, detail: string) => void> = {
  hears: (world, id) => hearServer(world, serverOf(world, Number(id))),
  'hears the end of': (world, id) => learnOfEnd(world, serverOf(world, Number(id))),
  'has heard all': (world) => {
    world.isHearing = false
    tell(world, { type: 'heard' })
  },
  releases: release,
  'cannot send': (world, id) => {
    const { server } = offerOf(world, Number(id))
    const to = serverOf(world, server)
    to.toServer = to.toServer.filter(({ offer }) => offer !== Number(id))
    tellGiver(world, Number(id), { type: 'not sent' })
  },
  due,
  replaces: (world, id) => {
    serverOf(world, Number(id)).isReplaced = true
    start(world)
  },
  starts: start
}

function hearServer(world: World, server: Server): void {
  const [message, ...rest] = server.fromServer
  server.fromServer = rest
  if (message === undefined) return
  offerOf(world, message.offer).hasAnswered = true
  tellGiver(world, message.offer, message.word === 'taken' ? { type: 'taken', atRest: true } : { type: 'refused' })
  report(world, server)
}

/** In the order of the launcher's host: nothing is given before all connections to it have come back. */
function learnOfEnd(world: World, server: Server): void {
  server.isBuried = true
  server.isAccepting = false
  tell(world, { type: 'ended', server: server.id })
  for (const { id } of world.offers.filter((offer) => offer.server === server.id))
    tellGiver(world, id, { type: 'taker ended' })
  tellAccepting(world)
}

/** The release of an offer is written, or cannot be. */
function release(world: World, id: string): void {
  const offer = offerOf(world, Number(id))
  const server = serverOf(world, offer.server)
  const isSent = server.life !== 'dead'
  if (isSent) server.toServer = [...server.toServer, { offer: offer.id, word: 'released' }]
  tellGiver(world, offer.id, { type: isSent ? 'sent' : 'not sent' })
}

function due(world: World, detail: string): void {
  const [name, id] = detail.split(' ')
  if (name === 'wait') {
    const connection = connectionOf(world, Number(id))
    connection.timer = undefined
    connection.isDue = true
    tell(world, { type: 'due', connection: connection.id })
  } else {
    offerOf(world, Number(id)).timer = undefined
    tellGiver(world, Number(id), { type: 'due' })
  }
}

function start(world: World): void {
  world.servers = [...world.servers, newServer(world.servers.length + 1)]
  tellAccepting(world)
}

const OF_SERVER: Acts<(world: World, server: Server) => void> = {
  hears: hearLauncher,
  'goes on': (_world, server) => {
    server.life = 'runs'
  },
  reports: report,
  'answers again': (world, server) => {
    server.isAccepting = true
    tellAccepting(world)
  },
  'passes on': passOn,
  'gets clients': (_world, server) => {
    server.count += CLIENTS
  },
  'loses clients': (_world, server) => {
    server.count = 0
  },
  // What it has not read is lost. What it has said is in the kernel.
  dies: (_world, server) => {
    server.life = 'dead'
    server.toServer = []
  },
  'stands still': (_world, server) => {
    server.life = 'stands still'
  },
  'never goes on': (_world, server) => {
    server.life = 'stuck'
  },
  // Node drops a handle for which there is no descriptor left, and its message with it.
  'loses the handle': (_world, server) => {
    server.toServer = server.toServer.slice(1)
  },
  leaves: (world, server) => {
    server.isListening = server.isAccepting = false
    tellAccepting(world)
  },
  'closes its listener': (world, server) => {
    server.isListening = false
    tellAccepting(world)
  },
  'is silent': (world, server) => {
    server.isAccepting = false
    tellAccepting(world)
  }
}

function hearLauncher(world: World, server: Server): void {
  const [message, ...rest] = server.toServer
  server.toServer = rest
  if (message === undefined) return
  const offer = offerOf(world, message.offer)
  const isOver = offer.taker === undefined || offer.taker.at === 'over'
  if (message.word === 'offer') takeOffer(world, offer)
  else if (message.word === 'released' || message.word === 'kept') tellTaker(world, offer, { type: message.word })
  else if (message.word === 'sent' && isOver) answer(server, { offer: offer.id, word: 'refused' })
}

import { adder, type Event } from '../kind.js'
import { type Offer, offerOf, type Server, serverOf, type World } from './world.js'

/** What may happen next when connections spread over servers. */

export interface BalanceEvent extends Event {
  readonly act:
    | (typeof OF_LAUNCHER)[number]
    | (typeof OF_SERVER)[number]
    | (typeof CHOICES)[number]
    | (typeof FAULTS)[number]
}

/** What process 0 does, sooner or later. */
const OF_LAUNCHER = [
  'hears',
  'hears the end of',
  'has heard all',
  'releases',
  'cannot send',
  'due',
  'replaces'
] as const

/** What a server does, sooner or later. */
const OF_SERVER = ['hears', 'goes on', 'reports', 'answers again'] as const

/** What clients do. */
const CHOICES = ['passes on', 'gets clients', 'loses clients'] as const

/** All that can go wrong; a budget counts them together. */
const FAULTS = [
  'dies',
  'stands still',
  'never goes on',
  'loses the handle',
  'leaves',
  'closes its listener',
  'is silent',
  'starts'
] as const

type Add = ReturnType<typeof adder<BalanceEvent>>

/** What happens by itself, sooner or later. */
export function progress(world: World): BalanceEvent[] {
  const events: BalanceEvent[] = []
  const add = adder(events, 0)
  if (world.isHearing) add('has heard all')
  for (const offer of world.offers) addOffer(world, offer, add)
  for (const { id, timer } of world.connections) if (timer !== undefined) add('due', `wait ${id}`)
  for (const server of world.servers) {
    const { id, life, isBuried, fromServer } = server
    if (fromServer.length > 0) add('hears', id)
    else if (life === 'dead' && !isBuried) add('hears the end of', id)
    if (isBuried && !server.isReplaced) add('replaces', id)
    addServer(server, adder(events, id))
  }
  return events
}

function addOffer(world: World, offer: Offer, add: Add): void {
  const { id, giver, timer, isUnsendable } = offer
  if (giver.at === 'releasing') add('releases', id)
  if (isUnsendable && timer?.name === 'answer') add('cannot send', id)
  if (timer !== undefined && !isAnswering(world, offer)) add('due', `${timer.name} ${id}`)
}

/** Whether a server answers an offer in time: it runs, and what it says or has to hear about it is on its way. */
function isAnswering({ servers }: World, { id, server }: Offer): boolean {
  const { life, toServer, fromServer } = servers[server - 1] as Server
  return life === 'runs' && [...toServer, ...fromServer].some(({ offer }) => offer === id)
}

function addServer({ life, isAccepting, isListening, count, reported, toServer }: Server, add: Add): void {
  if (life === 'stands still') add('goes on')
  if (life !== 'runs') return
  if (toServer.length > 0) add('hears')
  if (count !== reported) add('reports')
  if (!isAccepting && isListening) add('answers again')
}

/** What else may happen, or not. */
export function faults(world: World): BalanceEvent[] {
  const events: BalanceEvent[] = []
  const { connection = 0, count = 0, fault = 0 } = world.budget
  for (const server of world.servers) {
    if (connection > 0 && mayPassOn(server)) adder(events, server.id, 'connection')('passes on')
    if (count > 0 && server.life === 'runs') addClients(server, adder(events, server.id, 'count'))
    if (fault > 0) addFaults(server, adder(events, server.id, 'fault'))
  }
  if (fault > 0) addFaultsOfLauncher(world, adder(events, 0, 'fault'))
  return events
}

/** What waits in this process behind another handle cannot be sent when its own handle is closed meanwhile. */
function addFaultsOfLauncher({ offers, servers }: World, add: Add): void {
  add('starts')
  for (const { id, server, giver } of offers) {
    const isUnread = servers[server - 1]?.toServer.some(({ offer, word }) => offer === id && word === 'offer')
    if (giver.at === 'late' && isUnread) add('cannot send', id)
  }
}

/** Only a server that has to share has too many. */
function mayPassOn({ life, share }: Server): boolean {
  return life === 'runs' && share !== undefined && share < Number.MAX_SAFE_INTEGER
}

function addClients({ count }: Server, add: Add): void {
  add('gets clients')
  if (count > 0) add('loses clients')
}

function addFaults({ life, isAccepting, isListening, toServer }: Server, add: Add): void {
  if (life !== 'dead') add('dies')
  if (life === 'runs') add('stands still')
  if (life === 'stands still') add('never goes on')
  if (life === 'dead') return
  if (isAccepting) add('is silent')
  if (life !== 'runs') return
  if (isListening) {
    add('leaves')
    add('closes its listener')
  }
  if (toServer[0]?.word === 'offer') add('loses the handle')
}

/** When a limit is over. */
export function dueAt(world: World, { act, detail }: Event): number | undefined {
  if (act !== 'due') return undefined
  const [name, id] = detail.split(' ')
  const timer = name === 'wait' ? world.connections[Number(id) - 1]?.timer : offerOf(world, Number(id)).timer
  return timer?.at
}

/** The server that a detail names. */
export const named = (world: World, detail: string): Server => serverOf(world, Number(detail))

import { canTake, isFree, isRefusedByAll, loadOf } from './giving.js'
import { type Connection, isOnTheWay, owesAnswer, type Server, type World } from './world.js'

/** What must be true when connections spread over servers. Each function returns what is wrong, or nothing. */

/** What must never be. */
export function problemOf(world: World): string | undefined {
  return world.broken ?? twoOwners(world) ?? keptAfterItsWait(world) ?? (world.isHearing ? undefined : atEase(world))
}

/** What must hold whenever the launcher has done all that it could. */
function atEase(world: World): string | undefined {
  return (
    waitsForNothing(world) ?? waitsForNobody(world) ?? sharesAlone(world) ?? sharesUnevenly(world) ?? remembers(world)
  )
}

/** A connection is served by one server. */
function twoOwners({ offers }: World): string | undefined {
  const taken = offers.filter(({ reads }) => reads).map(({ connection }) => connection)
  const twice = taken.find((connection, index) => taken.indexOf(connection) < index)
  return twice === undefined ? undefined : `two servers have ${twice}`
}

/** A connection ends within its limit, or with the offer that is in progress then: one patience later. */
function keptAfterItsWait({ connections, offers }: World): string | undefined {
  const isGoing = (id: number) => offers.some((offer) => offer.connection === id && isOnTheWay(offer))
  const kept = connections.find(({ id, isOpen, isDue }) => isOpen && isDue && !isGoing(id))
  return kept && `${kept.id} is kept after its wait`
}

function waiting({ connections, offers }: World): Connection[] {
  return connections.filter(
    ({ id, isOpen }) => isOpen && !offers.some((offer) => offer.connection === id && isOnTheWay(offer))
  )
}

/** No connection waits for a server while one could take it. */
function waitsForNothing(world: World): string | undefined {
  for (const { id } of waiting(world)) {
    const server = world.servers.find((one) => canTake(world, one, id))
    if (server !== undefined) return `${id} waits, and ${server.id} could take it`
  }
  return undefined
}

/** No connection waits that all have refused, when a server would have the time for it. */
function waitsForNobody(world: World): string | undefined {
  if (!world.servers.some(({ id, isAccepting }) => isAccepting && isFree(world, id))) return undefined
  const refused = waiting(world).find(({ id, unreached }) =>
    isRefusedByAll(world, id, (server) => unreached.includes(server.id))
  )
  return refused && `${refused.id} waits, and all have refused it`
}

/** The servers that share the connections. */
function sharing(world: World): Server[] {
  return world.servers.filter(({ id, isAccepting }) => isAccepting && !owesAnswer(world, id))
}

/** A server without another one passes nothing on. */
function sharesAlone(world: World): string | undefined {
  const [server, other] = sharing(world)
  const isWrong = server !== undefined && other === undefined && server.share !== Number.MAX_SAFE_INTEGER
  return isWrong ? `${server.id} shares with nobody` : undefined
}

/** Each of several servers knows the average, to an eighth. */
function sharesUnevenly(world: World): string | undefined {
  const servers = sharing(world)
  if (servers.length < 2) return undefined
  const average = servers.reduce((sum, server) => sum + loadOf(world, server), 0) / servers.length
  const wrong = servers.find(({ share }) => share === undefined || Math.abs(share - Math.ceil(average)) > share / 8)
  return wrong && `${wrong.id} takes ${wrong.share} for its share of ${average}`
}

function remembers({ servers, balance }: World): string | undefined {
  const ended = balance.accounts.find(({ server }) => servers[server - 1]?.isBuried)
  return ended && `${ended.server} has ended and is remembered`
}

/** What must not be when nothing more can happen. */
export function problemAtRest({ connections }: World): string | undefined {
  const kept = connections.find(({ isOpen }) => isOpen)
  return kept && `${kept.id} is kept for ever`
}

/** The server that has each connection; 0: it was closed. */
export function servesOf({ connections, offers }: World): number[] {
  return connections.map(({ id }) => offers.find(({ connection, reads }) => connection === id && reads)?.server ?? 0)
}

import { connectionOf, isOnTheWay, openOffersTo, owesAnswer, type Server, serverOf, type World } from './world.js'

/**
 * What must be true when the machine gives a connection, or closes one. Each function returns what is wrong, or
 * nothing.
 */

export function wrongOffer(world: World, connection: number, server: number): string | undefined {
  return (
    isNotToGive(world, connection) ??
    isNoTaker(world, connection, server) ??
    owes(world, server) ??
    hasTooMany(world, server) ??
    isUnfair(world, connection, server)
  )
}

/** The launcher gives what it has, to one server at a time, and nothing after its wait. */
function isNotToGive({ offers, ...world }: World, id: number): string | undefined {
  const { isOpen, isDue } = connectionOf({ offers, ...world }, id)
  if (!isOpen) return `${id} is given, and the launcher does not have it`
  if (isDue) return `${id} is given after its wait`
  return offers.some((one) => one.connection === id && isOnTheWay(one)) ? `${id} is given twice` : undefined
}

/** A server gets what it accepts, and nothing again that it has refused. */
function isNoTaker(world: World, connection: number, server: number): string | undefined {
  const { refused, unreached } = connectionOf(world, connection)
  const { isAccepting, isListening } = serverOf(world, server)
  if (refused.includes(server)) return `${connection} is given to ${server}, which has refused it`
  if (unreached.includes(server)) return `${connection} is given to ${server}, which could not be asked`
  return isAccepting && isListening ? undefined : `${connection} is given to ${server}, which does not accept it`
}

/** A server that has not answered in time gets nothing until it does. */
function owes(world: World, server: number): string | undefined {
  return owesAnswer(world, server) ? `${server} owes an answer, and gets a further connection` : undefined
}

/** Only so many connections would wait again for nothing if the server hangs. */
function hasTooMany(world: World, server: number): string | undefined {
  return openOffersTo(world, server).length < world.rules.most ? undefined : `too many are on their way to ${server}`
}

/** Of those that can take it, the one with the fewest connections gets it. */
function isUnfair(world: World, connection: number, server: number): string | undefined {
  const load = loadOf(world, serverOf(world, server))
  const better = world.servers.find((one) => canTake(world, one, connection) && loadOf(world, one) < load)
  return better && `${server} gets ${connection}, and ${better.id} has fewer`
}

/** A connection that no server has is closed when its wait is over, or if nobody can ever take it. */
export function wrongClose(world: World, id: number): string | undefined {
  const { isOpen, isDue } = connectionOf(world, id)
  if (!isOpen) return `${id} is closed twice`
  const offers = world.offers.filter(({ connection }) => connection === id)
  if (offers.some(isOnTheWay)) return `${id} is closed on its way`
  const hasMoved = offers.some((one) => one.hasMoved)
  const isRefused = isRefusedByAll(world, id, ({ life }) => life === 'dead')
  return isDue || hasMoved || isRefused ? undefined : `${id} is closed too early`
}

/** Whether no server takes a connection, as far as they have said. `isNoHelp`: servers that say nothing about it. */
export function isRefusedByAll(world: World, id: number, isNoHelp: (server: Server) => boolean): boolean {
  const { refused } = connectionOf(world, id)
  const accepting = world.servers.filter(({ isAccepting }) => isAccepting)
  const hasRefused = (server: Server) => refused.includes(server.id) || !server.isListening
  return accepting.some(hasRefused) && accepting.every((one) => hasRefused(one) || isNoHelp(one))
}

/** Whether a server can take a connection now, as far as the launcher can know. */
export function canTake(world: World, { id, isAccepting, isListening }: Server, connection: number): boolean {
  const { refused, unreached } = connectionOf(world, connection)
  const isWilling = isAccepting && isListening && !refused.includes(id) && !unreached.includes(id)
  return isWilling && isFree(world, id)
}

/** Whether a server could take any connection now. */
export function isFree(world: World, server: number): boolean {
  return !owesAnswer(world, server) && openOffersTo(world, server).length < world.rules.most
}

/** The connections that a server has, as far as it has reported, and those on their way to it. */
export function loadOf(world: World, { id, reported }: Server): number {
  return reported + openOffersTo(world, id).length
}

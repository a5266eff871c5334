import {
  type AcceptingServer,
  type Account,
  accountOf,
  type Balance,
  type BalanceEffect,
  type BalanceInput,
  type BalanceStep,
  type ConnectionOffer,
  type HeldConnection,
  loadOf,
  onTheWayTo,
  owesAnswer,
  setAccount
} from './balance-state.js'

/**
 * Decides which server gets a connection that another one had too many of. A server passes such a connection on before
 * it has read from it. The launcher holds it, and offers it to one server after the other; `connection.ts` decides how
 * an offer ends.
 */

export type { Balance, BalanceEffect, BalanceInput } from './balance-state.js'

/** If the average changes by less than this part of it, the servers need not know. */
const PRECISION = 1 / 8

/** Only so many wait again if the server hangs. */
const MOST_ON_THE_WAY = 4

/** No server accepts yet. */
export function beginBalance(most = MOST_ON_THE_WAY): Balance {
  return { most, accepting: [], accounts: [], waiting: [], offers: [], offered: 0 }
}

/** What is done about an input. */
export function stepBalance(balance: Balance, input: BalanceInput): BalanceStep {
  switch (input.type) {
    case 'accepting':
      return settle({ ...balance, accepting: input.servers })
    case 'ended':
      return [forget(balance, input.server), [{ do: 'hear' }]]
    case 'counted':
      return settle(setAccount(balance, input.server, { count: input.count }))
    case 'held':
      return hold(balance, input.connection, input.listener)
    case 'concluded':
      return conclude(balance, input)
    case 'answered':
      return answered(balance, input.offer)
    case 'heard':
      return settle(balance)
    case 'due':
      return due(balance, input.connection)
    default:
      return input satisfies never
  }
}

/** Gives waiting connections to servers that can take them, and reports the average to the servers. */
function settle(balance: Balance): BalanceStep {
  const [given, gifts] = giveAll(balance)
  const [told, reports] = reportShares(given)
  return [told, [...gifts, ...reports]]
}

function forget(balance: Balance, ended: number): Balance {
  const isOther = ({ server }: { readonly server: number }) => server !== ended
  return { ...balance, accepting: balance.accepting.filter(isOther), accounts: balance.accounts.filter(isOther) }
}

function hold(balance: Balance, connection: number, listener: number): BalanceStep {
  const held: HeldConnection = { connection, listener, refused: [], unreached: [], isDue: false }
  const [next, effects] = settle({ ...balance, waiting: [...balance.waiting, held] })
  return [next, [{ do: 'wait', connection }, ...effects]]
}

function conclude(balance: Balance, input: Extract<BalanceInput, { type: 'concluded' }>): BalanceStep {
  const { outcome, isLate, hasAnswered } = input
  const offer = balance.offers.find(({ id }) => id === input.offer)
  if (offer?.held === undefined) return [balance, []]
  const { server, held } = offer
  const others = balance.offers.filter(({ id }) => id !== input.offer)
  const next = { ...balance, offers: isLate ? [...others, { ...offer, held: undefined }] : others }
  const isBack = outcome === 'stays' || outcome === 'refused'
  // While all servers hang, nothing else would ever end its wait.
  if (!isBack || held.isDue) return [next, [{ do: 'close', connection: held.connection }, { do: 'hear' }]]
  const back = outcome === 'refused' ? without(held, server, hasAnswered) : held
  return [{ ...next, waiting: [...next.waiting, back] }, [{ do: 'hear' }]]
}

/** The connection is not offered to this server again. */
function without(held: HeldConnection, server: number, hasAnswered: boolean): HeldConnection {
  return hasAnswered
    ? { ...held, refused: [...held.refused, server] }
    : { ...held, unreached: [...held.unreached, server] }
}

/** An offer that was not late is over already. */
function answered(balance: Balance, offer: number): BalanceStep {
  const offers = balance.offers.filter(({ id, held }) => id !== offer || held !== undefined)
  return offers.length === balance.offers.length ? [balance, []] : [{ ...balance, offers }, [{ do: 'hear' }]]
}

function due(balance: Balance, connection: number): BalanceStep {
  const waiting = balance.waiting.filter((held) => held.connection !== connection)
  if (waiting.length < balance.waiting.length) return [{ ...balance, waiting }, [{ do: 'close', connection }]]
  const mark = (offer: ConnectionOffer): ConnectionOffer =>
    offer.held?.connection === connection ? { ...offer, held: { ...offer.held, isDue: true } } : offer
  return [{ ...balance, offers: balance.offers.map(mark) }, []]
}

function giveAll(balance: Balance): BalanceStep {
  let next = balance
  const effects: BalanceEffect[] = []
  const waiting: HeldConnection[] = []
  for (const [index, held] of balance.waiting.entries()) {
    if (freeOf(next).length === 0) return [{ ...next, waiting: waiting.concat(balance.waiting.slice(index)) }, effects]
    const server = takerOf(next, held)
    if (server !== undefined) {
      const offer = next.offered + 1
      next = { ...next, offered: offer, offers: [...next.offers, { id: offer, server, held }] }
      effects.push({ do: 'offer', offer, connection: held.connection, server })
    } else if (isRefusedByAll(next, held)) effects.push({ do: 'close', connection: held.connection })
    else waiting.push(held)
  }
  return [{ ...next, waiting }, effects]
}

/** The server that gets it: of those that can take one now, the one with the fewest connections. */
function takerOf(balance: Balance, held: HeldConnection): number | undefined {
  const servers = freeOf(balance).filter((one) => isWilling(one, held))
  const least = Math.min(...servers.map(({ server }) => loadOf(balance, server)))
  return servers.find(({ server }) => loadOf(balance, server) === least)?.server
}

/** The servers that can take a connection now. */
function freeOf(balance: Balance): AcceptingServer[] {
  const { accepting, most } = balance
  return accepting.filter(({ server }) => !owesAnswer(balance, server) && onTheWayTo(balance, server) < most)
}

/** Whether a server may take this connection, now or later. */
function isWilling({ server, listeners }: AcceptingServer, held: HeldConnection): boolean {
  return !held.refused.includes(server) && !held.unreached.includes(server) && listeners.includes(held.listener)
}

/** Whether no server will take it. One that could not be asked is soon replaced, and its successor may take it. */
function isRefusedByAll({ accepting }: Balance, held: HeldConnection): boolean {
  const isHeard = accepting.some(({ server }) => !held.unreached.includes(server))
  return isHeard && !accepting.some((one) => isWilling(one, held))
}

/** Those that hang are left out: they neither take connections nor pass them on. */
function reportShares(balance: Balance): BalanceStep {
  const servers = balance.accepting.map(({ server }) => server).filter((server) => !owesAnswer(balance, server))
  const total = servers.reduce((sum, server) => sum + loadOf(balance, server), 0)
  // A single server has no other to pass connections to, so all of them are its fair share.
  const share = servers.length < 2 ? Number.MAX_SAFE_INTEGER : Math.ceil(total / servers.length)
  const news = servers.filter((server) => isNews(accountOf(balance, server), share))
  return [
    news.reduce((next, server) => setAccount(next, server, { share }), balance),
    news.map((server) => ({ do: 'report share', server, share }))
  ]
}

function isNews(account: Account, share: number): boolean {
  return account.share === undefined || Math.abs(share - account.share) > account.share * PRECISION
}

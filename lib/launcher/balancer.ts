import { hostOf } from '../connections/connection-host.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { Machine } from '../process/host.js'
import { type Balance, type BalanceEffect, type BalanceInput, beginBalance, stepBalance } from '../protocol/balance.js'
import type { ConnectionsWord } from '../protocol/surplus-messages.js'
import { whenHeard } from '../util/deadline.js'
import type { HeldListener } from './held-listeners.js'
import type { Server } from './server.js'
import { ServerConnections } from './server-connections.js'

/** A connection that the launcher has, for a server to take. */
interface Held {
  readonly listener: HeldListener
  readonly handle: ConnectionHandle
  /** Until it has waited for long enough. */
  timer?: NodeJS.Timeout
}

type Offer = Extract<BalanceEffect, { do: 'offer' }>

/** How long a connection waits for a server that can take it. Milliseconds. */
const LONGEST_WAIT = 30_000

/** The machine that spreads connections over servers. */
export function balanceMachine(): Omit<Machine<Balance, BalanceInput, BalanceEffect>, 'name'> {
  return { start: beginBalance(), step: stepBalance, begin: {}, placeOf }
}

/**
 * Passes connections from servers that have too many to others. `lib/protocol/balance.ts` decides which one gets which;
 * to it, servers, listeners and connections are numbers.
 */
export class Balancer {
  readonly #longestWait: number
  readonly #servers = new Map<number, ServerConnections>()
  readonly #connections = new Map<number, Held>()
  readonly #listenerIds = new WeakMap<HeldListener, number>()
  readonly #host = hostOf('balance', balanceMachine(), (effect: BalanceEffect) => this.#carryOut(effect))
  #lastId = 0

  /** @param longestWait - how long a connection waits for a server that can take it. Milliseconds */
  constructor(longestWait = LONGEST_WAIT) {
    this.#longestWait = longestWait
  }

  /** @param handle - of a surplus connection */
  heard(server: Server, word: ConnectionsWord, handle: ConnectionHandle | undefined): void {
    const [id, connections] = this.#find(server)
    connections.heard(word, handle)
    if ('count' in word) this.#host.tell({ type: 'counted', server: id, count: word.count })
  }

  /**
   * To be called after each change of the servers or their listeners.
   *
   * @param accepting - the servers that accept and answer
   */
  update(accepting: readonly Server[]): void {
    const servers = accepting.map((server) => {
      return { server: this.#find(server)[0], listeners: server.listeners.map((listener) => this.#idOf(listener)) }
    })
    for (const [id, connections] of [...this.#servers]) if (!connections.server.isAlive) this.#end(id, connections)
    this.#host.tell({ type: 'accepting', servers })
  }

  #end(id: number, connections: ServerConnections): void {
    this.#servers.delete(id)
    this.#host.tell({ type: 'ended', server: id })
    connections.end()
  }

  #find(server: Server): [id: number, connections: ServerConnections] {
    const known = [...this.#servers].find(([, connections]) => connections.server === server)
    if (known !== undefined) return known
    const id = ++this.#lastId
    const connections = new ServerConnections(server, {
      tell: (input) => this.#host.tell(input),
      hold: (listener, handle) => this.#hold(listener, handle)
    })
    this.#servers.set(id, connections)
    return [id, connections]
  }

  #idOf(listener: HeldListener): number {
    const id = this.#listenerIds.get(listener) ?? ++this.#lastId
    this.#listenerIds.set(listener, id)
    return id
  }

  #hold(listener: HeldListener, handle: ConnectionHandle): void {
    const connection = ++this.#lastId
    this.#connections.set(connection, { listener, handle })
    this.#host.tell({ type: 'held', connection, listener: this.#idOf(listener) })
  }

  #carryOut(effect: BalanceEffect): unknown {
    switch (effect.do) {
      case 'offer':
        return this.#offer(effect)
      case 'close':
        return this.#close(effect.connection)
      case 'wait':
        return this.#wait(effect.connection)
      case 'report share':
        return this.#servers.get(effect.server)?.server.tell({ type: 'fair share', count: effect.share })
      case 'hear':
        return whenHeard(() => this.#host.tell({ type: 'heard' }))
      default:
        return effect satisfies never
    }
  }

  #offer({ offer, connection, server }: Offer): void {
    const { listener, handle } = this.#connections.get(connection) as Held
    this.#servers.get(server)?.offer(offer, listener, handle)
  }

  /** After a stall of this process, what has come meanwhile is read before the wait is over. */
  #wait(connection: number): void {
    const due = () => whenHeard(() => this.#host.tell({ type: 'due', connection }))
    const held = this.#connections.get(connection)
    if (held !== undefined) held.timer = setTimeout(due, this.#longestWait).unref()
  }

  #close(connection: number): void {
    const held = this.#connections.get(connection)
    this.#connections.delete(connection)
    clearTimeout(held?.timer)
    held?.handle.close()
  }
}

/** For a trace. */
function placeOf({ waiting, offers }: Balance): object {
  const offered = offers.map(({ id, server, held }) => `${id} to ${server}${held === undefined ? ', late' : ''}`)
  return { waiting: waiting.map(({ connection }) => connection), offers: offered }
}

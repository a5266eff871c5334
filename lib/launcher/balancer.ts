import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ConnectionsWord } from '../protocol/launcher-messages.js'
import type { HeldListener } from './held-listeners.js'
import type { Server } from './server.js'

/** A connection on its way to a server. */
interface Gift {
  readonly listener: HeldListener
  /** Kept until the server has it: if that ends before, another one shall have it. */
  readonly handle: ConnectionHandle
  readonly tried: Set<Server>
}

/** With a change of the average by less than this part of it, nobody needs to be told. */
const PRECISION = 1 / 8

/** Gives the connections that one server has too many to the one that has the fewest. */
export class Spread {
  readonly #accepting: () => Server[]
  readonly #counts = new Map<Server, number>()
  readonly #shares = new WeakMap<Server, number>()
  readonly #gifts = new Map<Server, Map<number, Gift>>()
  #lastId = 0

  /** @param accepting - the servers that accept now */
  constructor(accepting: () => Server[]) {
    this.#accepting = accepting
  }

  /** @param handle - of a surplus connection */
  heard(server: Server, word: ConnectionsWord, handle: ConnectionHandle | undefined): void {
    this.#counts.set(server, word.count)
    if (word.type === 'connection taken') this.#taken(server, word.id, word.taken)
    const [listener] = word.type === 'surplus' ? server.find([word.listener]) : []
    if (listener !== undefined && handle !== undefined) this.#give({ listener, handle, tried: new Set() })
    else handle?.close()
    this.update()
  }

  /** Tells everybody the average; takes back what is on its way to a server that has ended. */
  update(): void {
    for (const [server, gifts] of this.#gifts) {
      if (server.isAlive) continue
      this.#gifts.delete(server)
      for (const gift of gifts.values()) this.#give(gift)
    }
    for (const server of this.#counts.keys()) if (!server.isAlive) this.#counts.delete(server)
    const servers = this.#accepting()
    const total = servers.reduce((sum, server) => sum + this.#countOf(server), 0)
    // With nobody to pass them on to, all of them are the fair share of one.
    const share = servers.length < 2 ? Number.MAX_SAFE_INTEGER : Math.ceil(total / servers.length)
    for (const server of servers) this.#tell(server, share)
  }

  #tell(server: Server, count: number): void {
    const told = this.#shares.get(server)
    if (told !== undefined && Math.abs(count - told) <= told * PRECISION) return
    this.#shares.set(server, count)
    server.tell({ type: 'fair share', count })
  }

  #give(gift: Gift): void {
    const { listener, handle, tried } = gift
    const able = this.#accepting().filter((server) => !tried.has(server) && server.idOf(listener) !== undefined)
    const least = Math.min(...able.map((server) => this.#countOf(server)))
    const server = able.find((one) => this.#countOf(one) === least)
    if (server === undefined) {
      handle.close()
      return
    }
    tried.add(server)
    const id = ++this.#lastId
    const gifts = this.#gifts.get(server) ?? new Map<number, Gift>()
    this.#gifts.set(server, gifts.set(id, gift))
    server.lend({ type: 'connection', id, listener: server.idOf(listener) as number }, handle)
  }

  #taken(server: Server, id: number, taken: boolean): void {
    const gift = this.#gifts.get(server)?.get(id)
    this.#gifts.get(server)?.delete(id)
    if (gift === undefined) return
    if (taken) gift.handle.close()
    else this.#give(gift)
  }

  /** What it has, and what is on its way to it. */
  #countOf(server: Server): number {
    return (this.#counts.get(server) ?? 0) + (this.#gifts.get(server)?.size ?? 0)
  }
}

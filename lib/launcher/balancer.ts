import { Giving } from '../connections/giving.js'
import { Takings } from '../connections/taking.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ConnectionsWord } from '../protocol/launcher-messages.js'
import type { HeldListener } from './held-listeners.js'
import type { Server } from './server.js'

/** A connection that the launcher has, for a server to take. */
interface Held {
  readonly listener: HeldListener
  readonly handle: ConnectionHandle
  readonly refused: Set<Server>
  /** Until it has waited for long enough. */
  timer?: NodeJS.Timeout
  /** It has: it is closed, unless it is on its way to a server that takes it. */
  isDue: boolean
}

/** What the launcher knows about one server's connections. */
interface Account {
  /** How many the server has. */
  count: number
  /** The average that the launcher reported to it last. */
  share: number | undefined
  /** The connections on their way to the server, by number. */
  readonly givings: Map<number, Giving>
  /** The connections on their way from the server. */
  readonly takings: Takings
}

type Surplus = Extract<ConnectionsWord, { type: 'surplus' }>

/** If the average changes by less than this part of it, the servers need not know. */
const PRECISION = 1 / 8

/** How long a server may take with a connection before another one gets it. Milliseconds. */
const PATIENCE = { answer: 100, limit: 400 }

/** How many connections at most are on their way to one server. */
const MOST_ON_THE_WAY = 4

/** How long a connection waits for a server that can take it. Milliseconds. */
const LONGEST_WAIT = 30_000

/** Gives the connections that one server has too many to the one that has the fewest, of those that answer. */
export class Balancer {
  readonly #accepting: () => Server[]
  readonly #longestWait: number
  readonly #accounts = new Map<Server, Account>()
  #held: Held[] = []
  #lastId = 0

  /**
   * @param accepting - the servers that accept now
   * @param longestWait - how long a connection waits for a server that can take it. Milliseconds
   */
  constructor(accepting: () => Server[], longestWait = LONGEST_WAIT) {
    this.#accepting = accepting
    this.#longestWait = longestWait
  }

  /** @param handle - of a surplus connection */
  heard(server: Server, word: ConnectionsWord, handle: ConnectionHandle | undefined): void {
    const account = this.#accountOf(server)
    if ('count' in word) account.count = word.count
    this.#hear(server, account, word, handle)
    this.update()
  }

  #hear(server: Server, { givings, takings }: Account, word: ConnectionsWord, handle?: ConnectionHandle): unknown {
    switch (word.type) {
      case 'connections':
        return undefined
      case 'surplus':
        return this.#take(server, word, handle)
      case 'connection taken':
        return givings.get(word.id)?.answered(word.taken)
      case 'surplus released':
        return takings.tell(word.id, { type: 'released' })
      case 'surplus kept':
        return takings.tell(word.id, { type: 'kept' })
      case 'surplus sent':
        return takings.isUnknown(word.id) && this.#answer(server, word.id, false)
      default:
        return word satisfies never
    }
  }

  /** Takes connections back from servers that have ended, gives waiting ones, and sends all servers the average. */
  update(): void {
    for (const [server, { givings, takings }] of this.#accounts) {
      if (server.isAlive) continue
      this.#accounts.delete(server)
      takings.tellAll({ type: 'giver ended' })
      for (const giving of [...givings.values()]) giving.tell({ type: 'taker ended' })
    }
    this.#giveAll()
    const servers = this.#accepting().filter((server) => !this.#isHung(server))
    const total = servers.reduce((sum, server) => sum + this.#countOf(server), 0)
    // A single server has no other to pass connections to, so all of them are its fair share.
    const share = servers.length < 2 ? Number.MAX_SAFE_INTEGER : Math.ceil(total / servers.length)
    for (const server of servers) this.#tell(server, share)
  }

  #accountOf(server: Server): Account {
    const known = this.#accounts.get(server)
    if (known !== undefined) return known
    const account = { count: 0, share: undefined, givings: new Map<number, Giving>(), takings: new Takings() }
    this.#accounts.set(server, account)
    return account
  }

  #tell(server: Server, count: number): void {
    const account = this.#accountOf(server)
    if (account.share !== undefined && Math.abs(count - account.share) <= account.share * PRECISION) return
    account.share = count
    server.tell({ type: 'fair share', count })
  }

  #take(server: Server, { id, listener: number }: Surplus, handle: ConnectionHandle | undefined): void {
    const listener = server.listeners.find((one) => server.idOf(one) === number)
    const isAble = listener !== undefined && handle !== undefined
    this.#accountOf(server).takings.take(id, 'surplus', isAble, {
      say: (word) => this.#answer(server, id, word === 'taken'),
      accept: () => isAble && this.#hold(listener, handle),
      close: () => handle?.close()
    })
  }

  #answer(server: Server, id: number, taken: boolean): Promise<boolean> {
    return server.lend({ type: 'surplus taken', id, taken }).then(
      () => true,
      () => false
    )
  }

  #hold(listener: HeldListener, handle: ConnectionHandle): void {
    const held: Held = { listener, handle, refused: new Set(), isDue: false }
    held.timer = setTimeout(() => this.#drop(held), this.#longestWait).unref()
    this.#held.push(held)
  }

  #drop(held: Held): void {
    held.isDue = true
    if (!this.#held.includes(held)) return // It is on its way.
    this.#held = this.#held.filter((other) => other !== held)
    this.#close(held)
  }

  #close({ timer, handle }: Held): void {
    clearTimeout(timer)
    handle.close()
  }

  #giveAll(): void {
    const waiting = this.#held.splice(0)
    while (waiting.length > 0 && this.#free.length > 0) this.#give(waiting.shift() as Held)
    this.#held.push(...waiting)
  }

  #give(held: Held): void {
    const isWilling = (server: Server) => !held.refused.has(server) && server.idOf(held.listener) !== undefined
    const free = this.#free.filter(isWilling)
    const least = Math.min(...free.map((server) => this.#countOf(server)))
    const server = free.find((one) => this.#countOf(one) === least)
    if (server !== undefined) this.#offer(held, server)
    else if (this.#accepting().some(isWilling)) this.#held.push(held)
    else this.#close(held)
  }

  get #free(): Server[] {
    return this.#accepting().filter((server) => !this.#isHung(server) && this.#onTheWayTo(server) < MOST_ON_THE_WAY)
  }

  #offer(held: Held, server: Server): void {
    const { handle, listener, refused } = held
    const { givings } = this.#accountOf(server)
    const id = ++this.#lastId
    const giving = new Giving('surplus', PATIENCE, {
      offer: () => server.lend({ type: 'connection', id, listener: server.idOf(listener) as number }, handle),
      say: (word) => server.lend({ type: `connection ${word}`, id }),
      isAtRest: () => true,
      // While all servers hang, nothing else would ever end its wait.
      readOn: () => (held.isDue ? this.#close(held) : this.#held.push(held)),
      letGo: () => this.#close(held),
      concluded: (outcome) => {
        if (outcome === 'refused') refused.add(server)
        // Another server may get it now, or this one the next.
        setImmediate(() => this.update())
      },
      forgotten: () => void givings.delete(id)
    })
    givings.set(id, giving)
  }

  /** It has not answered in time, and gets no further connection until it does. */
  #isHung(server: Server): boolean {
    return [...this.#accountOf(server).givings.values()].some(({ isLate }) => isLate)
  }

  #onTheWayTo(server: Server): number {
    return this.#accountOf(server).givings.size
  }

  /** The connections that it has, and those on their way to it. */
  #countOf(server: Server): number {
    return this.#accountOf(server).count + this.#onTheWayTo(server)
  }
}

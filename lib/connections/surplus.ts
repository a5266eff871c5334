import type { Server } from 'node:net'
import { onChannelEnd } from '../internals/channel-end.js'
import { acceptConnection, type ConnectionHandle, divertConnections } from '../internals/connection-handle.js'
import type { ConnectionsWord, SurplusWord } from '../protocol/surplus-messages.js'
import { within } from '../util/within.js'
import { Giving } from './giving.js'
import { Takings } from './taking.js'

/** The launcher, for those who give connections to it and take them from it. */
export interface SurplusEvents {
  /** How many connections are open. */
  count(): number
  /** Sends to the launcher. Rejects when what was given is certainly not sent. */
  send(message: ConnectionsWord, handle?: ConnectionHandle): Promise<void>
  /** The launcher's number for a listener. */
  idOf(listener: object): number
}

/** How often this process reports its number of connections to the launcher, if it has changed. Milliseconds. */
const TELL_EVERY = 100

/**
 * By how much a server may be above its share. Of connections that come and go, one has more now and another then,
 * which evens out by itself.
 */
const SLACK = 4
const RELATIVE_SLACK = 1.25

/** How long the launcher may take with a connection before this process serves it after all. Milliseconds. */
const PATIENCE = { answer: 100, limit: 400 }

/** How long a process that leaves waits until it is known who has which connection. Milliseconds. */
const LAST_WORDS = 1000

/**
 * If several servers accept from one socket, the quickest one gets the connection: the first to wake takes all that
 * come at once, while the others are still waking (https://github.com/libuv/libuv/pull/3696). With long-lived
 * connections, they stay there. So a server that has clearly more than its share passes new connections on, before it
 * has read from them, and other servers take them.
 */
export class Surplus {
  readonly #events: SurplusEvents
  readonly #servers = new WeakMap<object, Server>()
  readonly #givings = new Map<number, Giving>()
  readonly #takings = new Takings()
  #limit = Number.POSITIVE_INFINITY
  #told = 0
  #lastId = 0
  #keepsAll = false
  #timer: NodeJS.Timeout | undefined
  #decided: () => void = () => {}

  constructor(events: SurplusEvents) {
    this.#events = events
    onChannelEnd(() => this.#orphaned())
  }

  /** There are other servers, and each has so many connections on average. */
  set fairShare(count: number) {
    this.#limit = count * RELATIVE_SLACK + SLACK
    this.#timer ??= setInterval(() => this.#tellChange(), TELL_EVERY).unref()
  }

  /** This process leaves, and perhaps all others: whatever it still accepts is served here. */
  keepAll(): void {
    this.#keepsAll = true
  }

  /** Resolves when it is known who has each connection that is on its way, at the latest after a moment. */
  get passed(): Promise<unknown> {
    if (this.#isQuiet) return Promise.resolve()
    const decided = new Promise<void>((resolve) => {
      this.#decided = resolve
    })
    // After the limit they are closed with this process.
    return within(decided, LAST_WORDS, 'the answer of the launcher').catch(() => {})
  }

  /** Looks after a server that listens. */
  follow(server: Server, listener: object): void {
    this.#servers.set(listener, server)
    divertConnections(server, (handle) => this.#divert(server, listener, handle))
  }

  /** Takes a word of the launcher about a connection. */
  heard(word: SurplusWord, listener: object | undefined, handle: ConnectionHandle | undefined): void {
    this.#hear(word, listener, handle)
    this.#check()
  }

  #hear(word: SurplusWord, listener: object | undefined, handle: ConnectionHandle | undefined): unknown {
    const { id } = word
    switch (word.type) {
      case 'connection':
        return this.#take(id, listener, handle)
      case 'surplus taken':
        return this.#givings.get(id)?.answered(word.taken)
      case 'connection sent':
        return this.#inquire(id)
      case 'connection released':
        return this.#takings.tell(id, { type: 'released' })
      case 'connection kept':
        return this.#takings.tell(id, { type: 'kept' })
      default:
        return word satisfies never
    }
  }

  /** The launcher is gone: what it was offered is served here. */
  #orphaned(): void {
    this.#takings.tellAll({ type: 'giver ended' })
    for (const giving of [...this.#givings.values()]) giving.tell({ type: 'taker ended' })
    this.#check()
  }

  /** A launcher that does not answer gets no further one. */
  #divert(server: Server, listener: object, handle: ConnectionHandle): boolean {
    const isHung = [...this.#givings.values()].some(({ isLate }) => isLate)
    if (this.#keepsAll || isHung || this.#events.count() < this.#limit) return false
    const id = ++this.#lastId
    const { send, idOf } = this.#events
    const giving = new Giving('surplus', PATIENCE, {
      offer: () => send({ type: 'surplus', id, listener: idOf(listener), count: this.#count() }, handle),
      say: (word) => send({ type: `surplus ${word}`, id }),
      isAtRest: () => true,
      readOn: () => void acceptConnection(server, handle),
      letGo: () => handle.close(),
      concluded: () => this.#check(),
      forgotten: () => {
        this.#givings.delete(id)
        this.#check()
      }
    })
    this.#givings.set(id, giving)
    return true
  }

  #take(id: number, listener: object | undefined, handle: ConnectionHandle | undefined): void {
    const server = listener && this.#servers.get(listener)
    const isAble = server?.listening === true && handle !== undefined
    this.#takings.take(id, 'surplus', isAble, {
      say: (word) => this.#answer(id, word === 'taken'),
      accept: () => isAble && acceptConnection(server, handle),
      close: () => handle?.close()
    })
  }

  #inquire(id: number): void {
    if (this.#takings.isUnknown(id)) void this.#answer(id, false)
  }

  #answer(id: number, taken: boolean): Promise<boolean> {
    const sent = this.#events.send({ type: 'connection taken', id, taken, count: this.#count() })
    return sent.then(
      () => true,
      () => false
    )
  }

  get #isQuiet(): boolean {
    return this.#takings.size === 0 && [...this.#givings.values()].every(({ isLate }) => isLate)
  }

  #check(): void {
    if (this.#isQuiet) this.#decided()
  }

  /** Connections that are taken and not yet released count already. */
  #count(): number {
    this.#told = this.#events.count() + this.#takings.size
    return this.#told
  }

  #tellChange(): void {
    if (this.#told === this.#events.count() + this.#takings.size) return
    this.#events.send({ type: 'connections', count: this.#count() }).catch(() => {}) // The launcher is gone.
  }
}

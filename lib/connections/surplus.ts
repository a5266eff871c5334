import type { Server } from 'node:net'
import { acceptConnection, type ConnectionHandle, divertConnections } from '../internals/connection-handle.js'

/** What the other servers of a launcher are told of this one's connections. */
export interface SurplusEvents {
  /** How many connections are open. */
  count(): number
  tell(count: number): void
  /** Gives a connection to the launcher. Rejects when it is certainly not sent. */
  passOn(listener: object, handle: ConnectionHandle, count: number): Promise<void>
}

/** How often the launcher is told how many connections there are, if that has changed. Milliseconds. */
const TELL_EVERY = 100

/**
 * By how much a server may be above its share. Of connections that come and go, one has more now and another then, which evens
 * out by itself.
 */
const SLACK = 4
const RELATIVE_SLACK = 1.25

/**
 * Several servers that accept from one socket get what they are quick enough to get: the first to wake takes what comes at once, while
 * the others are still on their way (https://github.com/libuv/libuv/pull/3696). With connections that stay, that is for good. So a
 * server that has clearly more than its share passes new ones on, before it has read from them.
 */
export class Surplus {
  readonly #events: SurplusEvents
  readonly #underWay = new Set<Promise<void>>()
  #limit = Number.POSITIVE_INFINITY
  #told = 0
  #timer: NodeJS.Timeout | undefined

  constructor(events: SurplusEvents) {
    this.#events = events
  }

  /** There are other servers, and each has so many connections on average. */
  set fairShare(count: number) {
    this.#limit = count * RELATIVE_SLACK + SLACK
    this.#timer ??= setInterval(() => this.#tellChange(), TELL_EVERY).unref()
  }

  /** Resolves when all that was passed on is with the launcher. */
  get passed(): Promise<unknown> {
    return Promise.allSettled(this.#underWay)
  }

  /** Looks after a server that listens. */
  follow(server: Server, listener: object): void {
    divertConnections(server, (handle) => this.#divert(server, listener, handle))
  }

  /** How many connections are open; the launcher is told so. */
  tell(): number {
    this.#told = this.#events.count()
    return this.#told
  }

  #divert(server: Server, listener: object, handle: ConnectionHandle): boolean {
    const count = this.#events.count()
    if (count < this.#limit) return false
    this.#told = count
    const passed = this.#events.passOn(listener, handle, count).then(
      () => handle.close(),
      () => void acceptConnection(server, handle)
    )
    this.#underWay.add(passed)
    void passed.finally(() => this.#underWay.delete(passed))
    return true
  }

  #tellChange(): void {
    if (this.#told !== this.#events.count()) this.#events.tell(this.tell())
  }
}

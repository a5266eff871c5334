import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ConnectionMessage } from '../protocol/connection-messages.js'
import type { Arrivals } from './arrivals.js'
import type { Kept } from './kept.js'
import type { Migration } from './migration.js'

/** The connections that pass between this process and one other, its parent or a child of it. */
export class Exchange {
  /** The connections that come from the other process. */
  readonly arrivals: Arrivals
  /** The connections that go to it, once that has begun. */
  migration: Migration | undefined
  /** The copies of connections that have gone to it, and may come back. */
  kept: Kept | undefined
  #isOver = false

  constructor(arrivals: Arrivals) {
    this.arrivals = arrivals
  }

  /** Whether this process has read all messages of the other one, and no more will come. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes a word of the other process. */
  hear(message: ConnectionMessage, handle: ConnectionHandle | undefined): unknown {
    const { arrivals } = this
    switch (message.type) {
      case 'connection':
        return arrivals.receive(message, handle)
      case 'connection sent':
        return arrivals.inquire(message.id)
      case 'connection released':
        return arrivals.released(message.id, message.arrival)
      case 'connection kept':
        return arrivals.kept(message.id)
      case 'migration':
        return arrivals.migration(message.isOver)
      case 'connection taken':
      case 'connection refused':
        return this.migration?.heard(message)
      case 'connections closed':
        return this.kept?.closed(message.ids)
      default:
        return message satisfies never
    }
  }

  /** The other process has ended, and this one has read all its messages; or no message can reach it any more. */
  gone(isOutOfReach: boolean): void {
    this.#isOver = true
    this.migration?.otherGone(isOutOfReach)
    this.arrivals.orphaned(isOutOfReach)
  }

  /** The other process has ended, and this process accepts: the connections that had moved are served here again. */
  takeBack(isOutOfReach: boolean): void {
    this.kept?.childGone(isOutOfReach, (connection) => this.arrivals.takeBack(connection))
  }
}

import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ConnectionMessage } from '../protocol/connection-messages.js'
import type { Kept } from './kept.js'
import type { Arrivals } from './move-in.js'
import type { Migration } from './move-out.js'

/** The connections that pass between this process and one other, its parent or a child of it. */
export class Exchange {
  /** What comes from the other one. */
  readonly arrivals: Arrivals
  /** What goes to it, once it has begun. */
  migration: Migration | undefined
  /** What has gone to it, and may be taken back. */
  kept: Kept | undefined
  #isOver = false

  constructor(arrivals: Arrivals) {
    this.arrivals = arrivals
  }

  /** Whether all that the other process said has been heard, and nothing more will come. */
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

  /** The other process has ended, and all that it said was heard; or it cannot be reached any more. */
  gone(isOutOfReach: boolean): void {
    this.#isOver = true
    this.migration?.otherGone(isOutOfReach)
    this.arrivals.orphaned(isOutOfReach)
  }

  /** What the other process had of this one is served here again: it has ended, and this process accepts. */
  takeBack(isOutOfReach: boolean): void {
    this.kept?.childGone(isOutOfReach, (connection) => this.arrivals.takeBack(connection))
  }
}

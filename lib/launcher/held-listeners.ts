import type { ListeningHandle } from '../internals/listening-handle.js'
import type { TicketKeys } from '../protocol/messages.js'
import type { HandoffListener } from '../reload/handoff.js'
import { UnixPath } from '../sockets/unix-path.js'

/** A listening socket that outlives the server that listens on it. Connections wait in its queue while nobody accepts. */
export interface HeldListener extends Omit<HandoffListener, 'fd'> {
  /** A duplicate that never accepts. */
  readonly handle: ListeningHandle
  readonly ticketKeys: TicketKeys | undefined
}

/** The listening sockets of all servers of a launcher, each of them once. */
export class HeldListeners {
  readonly #paths = new Map<HeldListener, UnixPath | undefined>()
  #isReleased = false

  hold(listener: HeldListener): void {
    const { address, activated } = listener
    const path =
      !activated && 'path' in address && UnixPath.isFile(address.path) ? new UnixPath(address.path) : undefined
    path?.recognize()
    this.#paths.set(listener, path)
    if (this.#isReleased) listener.handle.close()
  }

  /**
   * Leaves all sockets to the servers that listen on them: with the last one of these that closes its own, who comes is refused.
   * The paths stay until {@link keep}.
   */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const { handle } of this.#paths.keys()) handle.close()
  }

  /** Closes all that is no longer used, and removes the paths of unix sockets among it. */
  keep(used: ReadonlySet<HeldListener>): void {
    for (const [listener, path] of this.#paths) {
      if (used.has(listener)) continue
      this.#paths.delete(listener)
      path?.remove()
      if (!this.#isReleased) listener.handle.close()
    }
  }
}

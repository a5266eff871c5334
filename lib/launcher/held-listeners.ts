import type { ListeningHandle } from '../internals/listening-handle.js'
import type { TicketKeys } from '../protocol/messages.js'
import type { HandoffListener } from '../reload/handoff-flag.js'
import { UnixPath } from '../sockets/unix-path.js'

/** A listening socket that outlives its server. Connections wait in its queue while no server accepts. */
export interface HeldListener extends Omit<HandoffListener, 'fd'> {
  /** A duplicate that never accepts. */
  readonly handle: ListeningHandle
  readonly ticketKeys: TicketKeys | undefined
  /** Which file the server found at its path. */
  readonly file?: string | undefined
}

/** The listening sockets of all servers of a launcher, each of them once. */
export class HeldListeners {
  readonly #paths = new Map<HeldListener, UnixPath | undefined>()
  /** The sockets of the service manager, until the first server has chosen among them. */
  #passed: readonly HeldListener[]
  /** The listeners that a worker needs to go on if its server dies. */
  readonly #needed = new Map<number, readonly HeldListener[]>()
  #isReleased = false

  /** @param passed - listening sockets for the first server to adopt */
  constructor(passed: readonly HeldListener[]) {
    this.#passed = passed
    for (const listener of passed) this.hold(listener)
  }

  hold(listener: HeldListener): void {
    const { address, activated, file } = listener
    const path =
      !activated && 'path' in address && UnixPath.isFile(address.path) ? new UnixPath(address.path) : undefined
    path?.recognize(file)
    this.#paths.set(listener, path)
    if (this.#isReleased) listener.handle.close()
  }

  /** The listeners for a server without a predecessor. */
  get inheritance(): HeldListener[] {
    return [...new Set([...this.#passed, ...[...this.#needed.values()].flat()])]
  }

  /**
   * The server of a worker listens on these. On its way out it says that it closes them, and then they are kept for the
   * next one.
   */
  need(worker: number, listeners: readonly HeldListener[]): void {
    this.#needed.set(worker, listeners)
  }

  /** There are no other workers any more. */
  keep(workers: readonly number[]): void {
    for (const worker of this.#needed.keys()) if (!workers.includes(worker)) this.#needed.delete(worker)
  }

  /** The first server has adopted what it wants of the listeners that were passed. */
  settle(): void {
    this.#passed = []
  }

  /**
   * Leaves all sockets to the servers that listen on them: when the last of these closes its own, new connections are
   * refused. The paths stay until {@link sweep}.
   */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const { handle } of this.#paths.keys()) handle.close()
  }

  /** Closes all that neither a worker needs nor a server listens on, and removes the paths of unix sockets among it. */
  sweep(open: readonly HeldListener[]): void {
    const used = new Set([...this.inheritance, ...open])
    for (const [listener, path] of this.#paths) {
      if (used.has(listener)) continue
      this.#paths.delete(listener)
      path?.remove()
      if (!this.#isReleased) listener.handle.close()
    }
  }

  /** Closes all that the servers have left open. */
  dispose(): void {
    this.#passed = []
    this.#needed.clear()
    this.sweep([])
  }
}

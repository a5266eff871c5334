import type { Server } from 'node:net'
import {
  closeListeningHandle,
  type ListeningHandle,
  listeningFd,
  listeningHandle,
  startAccepting,
  swapListeningHandle
} from '../internals/listening-handle.js'
import { bindAgain, NotBoundError } from './bind-again.js'
import { type BoundAddress, isEphemeral } from './listener-key.js'
import type { UnixPath } from './unix-path.js'

/** A server of this process that listens, and what the app requested. */
export interface Listener {
  readonly server: Server
  readonly key: string
  readonly address: BoundAddress
  readonly backlog: number
  /** Whose server it is now; undefined for one that the app made by itself. */
  owner: object | undefined
  /** Its place in the handoff, if it was inherited. */
  readonly index: number | undefined
  /** Whether it came from the service manager. */
  readonly activated: boolean
  readonly path: UnixPath | undefined
}

/** The events of the registry for its owner. */
export interface ListenersEvents {
  /** A server listens. */
  opened(listener: Listener): void
  /** A server that listened is closed for good. */
  closed(listener: Listener): void
}

/** For a listener that this process has bound itself. */
export const NOT_INHERITED = { index: undefined, activated: false }

/** Every server of this process that listens. */
export class Listeners {
  readonly #events: ListenersEvents
  readonly #all = new Map<Server, Listener>()
  readonly #asleep = new Set<Listener>()
  readonly #ownsPaths: boolean
  #accepting: boolean

  /**
   * @param accepting - false in a child that has not taken over: what it inherited stays dormant until {@link accept}
   * @param ownsPaths - false under a launcher, which keeps each socket beyond the end of a server, and removes the
   *   paths
   */
  constructor(events: ListenersEvents, accepting: boolean, ownsPaths: boolean) {
    this.#events = events
    this.#accepting = accepting
    this.#ownsPaths = ownsPaths
  }

  /** Whether what is inherited accepts as soon as it is adopted. */
  get isAccepting(): boolean {
    return this.#accepting
  }

  /** All that listen now. */
  get open(): Listener[] {
    return [...this.#all.values()].filter(({ server }) => server.listening)
  }

  /** All that accept now. */
  get accepting(): Listener[] {
    return this.open.filter((each) => !this.#asleep.has(each) && (this.#accepting || each.index === undefined))
  }

  /** What a server listens on; undefined when it does not. */
  find(server: Server): Listener | undefined {
    return this.#all.get(server)
  }

  /** The listeners that a child can adopt, with their file descriptors. */
  handable(): Array<[Listener, fd: number]> {
    return this.open.flatMap((listener): Array<[Listener, fd: number]> => {
      const fd = listeningFd(listener.server)
      // A random port of a foreign server means nothing to the child, which will ask for its own.
      const meant = listener.owner !== undefined || !isEphemeral(listener.key)
      return fd !== undefined && meant ? [[listener, fd]] : []
    })
  }

  /**
   * Binds each unix path again that somebody has removed: nobody can reach its socket any more, here or in a child.
   *
   * @returns the paths
   * @throws {PathTakenError} when somebody has put another file there
   * @throws {PathLostError} when it cannot be bound for another reason
   */
  restorePaths(): string[] {
    return this.open.flatMap((listener) => {
      const { path } = listener
      if (path === undefined || path.isInPlace) return []
      this.#restore(listener, path)
      return [path.path]
    })
  }

  /** The permissions of the path of a server have been changed. */
  refreshPath(server: Server): void {
    this.#all.get(server)?.path?.refresh()
  }

  /** The new socket is another listener: a launcher has to hold that one. */
  #restore(listener: Listener, path: UnixPath): void {
    const { server, backlog } = listener
    swapListeningHandle(server, boundFor(path, backlog))
    this.#all.delete(server)
    this.#events.closed(listener)
    this.add({ ...listener, ...NOT_INHERITED })
  }

  /** The handle of a listener, to send a duplicate of it to the other process. */
  handleOf(listener: Listener): ListeningHandle | undefined {
    return listeningHandle(listener.server)
  }

  /**
   * Begins to accept on everything that was inherited.
   *
   * @throws {Error} when the system refuses
   */
  accept(): void {
    for (const { server, backlog, index, path } of this.open) {
      if (index === undefined) continue
      startAccepting(server, backlog)
      path?.recognize()
    }
    this.#accepting = true
  }

  /** Ends accepting on a listener but keeps it at hand: {@link wake} brings it back. */
  sleep(listener: Listener, dormant: ListeningHandle): void {
    if (this.#asleep.has(listener)) return
    swapListeningHandle(listener.server, dormant)
    this.#asleep.add(listener)
  }

  /**
   * Accepts again on all that sleep.
   *
   * @throws {Error} when the system refuses one of them; the others accept
   */
  wake(): void {
    const errors: unknown[] = []
    for (const { server, backlog } of this.#asleep)
      try {
        if (server.listening) startAccepting(server, backlog)
      } catch (error) {
        errors.push(error)
      }
    this.#asleep.clear()
    if (errors.length > 0) throw errors[0]
  }

  /** The listeners belong to another process, this one only still has them: it will leave their paths alone. */
  disown(): void {
    for (const listener of this.open) this.#asleep.add(listener)
  }

  /** Ends accepting for good. What sleeps belongs to the child; the paths of the rest are removed. */
  close(listeners: Iterable<Listener> = this.open): void {
    for (const listener of listeners) {
      closeListeningHandle(listener.server)
      this.#forget(listener)
    }
  }

  #forget(listener: Listener): void {
    if (!this.#asleep.delete(listener) && this.#ownsPaths) listener.path?.remove()
    this.#all.delete(listener.server)
    this.#events.closed(listener)
  }

  /** A server listens. */
  add(listener: Listener): void {
    this.#all.set(listener.server, listener)
    listener.server.once('close', () => {
      if (this.#all.get(listener.server) === listener) this.#forget(listener)
    })
    this.#events.opened(listener)
  }
}

function boundFor(path: UnixPath, backlog: number): ListeningHandle {
  try {
    return bindAgain(path, backlog)
  } catch (error) {
    throw error instanceof NotBoundError ? error.ofReload : error
  }
}

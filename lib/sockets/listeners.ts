import type { Server } from 'node:net'
import { BadHandoffError, toError } from '../errors.js'
import {
  adoptDormant,
  closeListeningHandle,
  type ListeningHandle,
  listeningFd,
  listeningHandle,
  setPipeName,
  startAccepting,
  swapListeningHandle
} from '../internals/listening-handle.js'
import type { ClaimedListener } from '../reload/handoff.js'
import { bindAgain } from './bind-again.js'
import type { ListenCall } from './listen-hook.js'
import {
  type BoundAddress,
  formatAddress,
  isEphemeral,
  type ListenTarget,
  listenerKey,
  sameAddress
} from './listener-key.js'
import { UnixPath } from './unix-path.js'

/** A server of this process that listens, and what it was asked to listen on. */
export interface Listener {
  readonly server: Server
  readonly key: string
  readonly address: BoundAddress
  readonly backlog: number
  /** Whose server it is; undefined for one that the app made by itself. */
  readonly owner: object | undefined
  /** Its place in the handoff, if it was inherited. */
  readonly index: number | undefined
  /** Whether it came from the service manager. */
  readonly activated: boolean
  readonly path: UnixPath | undefined
}

/** What the registry asks and tells its owner. */
export interface ListenersEvents {
  /** An inherited listener with this key, if there is one. */
  claim(key: string): ClaimedListener | undefined
  /** What an owner has to do before its first server listens, if that is not done yet. */
  prepare(owner: object | undefined): { done: Promise<unknown>; isWanted: () => boolean } | undefined
  /** A server is about to listen: the first moment at which its connections can be followed. */
  opening(server: Server, owner: object | undefined): void
  /** A server listens. */
  opened(listener: Listener): void
  /** A server that listened is closed for good. */
  closed(listener: Listener): void
}

/** net.Server's own default: https://nodejs.org/api/net.html#serverlisten */
const DEFAULT_BACKLOG = 511

const NOT_INHERITED = { index: undefined, activated: false }

/** Every server of this process that listens. */
export class Listeners {
  readonly #events: ListenersEvents
  readonly #all = new Map<Server, Listener>()
  readonly #owners = new WeakMap<Server, object>()
  readonly #asleep = new Set<Listener>()
  readonly #ownsPaths: boolean
  #accepting: boolean

  /**
   * @param accepting - false in a child that has not taken over: what it inherited stays dormant until {@link accept}
   * @param ownsPaths - false under a launcher, which keeps each socket beyond the end of a server, and removes the paths
   */
  constructor(events: ListenersEvents, accepting: boolean, ownsPaths: boolean) {
    this.#events = events
    this.#accepting = accepting
    this.#ownsPaths = ownsPaths
  }

  /** Names the owner of a server that has not listened yet. */
  own(server: Server, owner: object): void {
    this.#owners.set(server, owner)
  }

  /** All that listen now. */
  get open(): Listener[] {
    return [...this.#all.values()].filter(({ server }) => server.listening)
  }

  /** Those that a child can adopt, with the file descriptors to give it. */
  handable(): Array<[Listener, fd: number]> {
    return this.open.flatMap((listener): Array<[Listener, fd: number]> => {
      const fd = listeningFd(listener.server)
      // What a foreign server was given at random means nothing to the child, which will ask for one of its own.
      const meant = listener.owner !== undefined || !isEphemeral(listener.key)
      return fd !== undefined && meant ? [[listener, fd]] : []
    })
  }

  /**
   * Binds each unix path again that somebody has removed: nobody can reach its socket any more, here or in a child.
   *
   * @returns the paths
   * @throws {PathTakenError} when somebody has put another file there
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
    swapListeningHandle(server, bindAgain(path, backlog))
    this.#all.delete(server)
    this.#events.closed(listener)
    this.#add({ ...listener, ...NOT_INHERITED })
  }

  /** The handle of a listener, to send a duplicate of it to the other process. */
  handleOf(listener: Listener): ListeningHandle | undefined {
    return listeningHandle(listener.server)
  }

  /** Begins to accept on everything that was inherited. */
  accept(): void {
    this.#accepting = true
    for (const { server, backlog, index, path } of this.open) {
      if (index === undefined) continue
      startAccepting(server, backlog)
      path?.recognize()
    }
  }

  /** Ends accepting on a listener but keeps it at hand: {@link wake} brings it back. */
  sleep(listener: Listener, dormant: ListeningHandle): void {
    if (this.#asleep.has(listener)) return
    swapListeningHandle(listener.server, dormant)
    this.#asleep.add(listener)
  }

  /** Accepts again on all that sleep. */
  wake(): void {
    for (const listener of this.#asleep)
      if (listener.server.listening) startAccepting(listener.server, listener.backlog)
    this.#asleep.clear()
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

  /** Each listen call has to pass by here before its options are used. */
  see(call: ListenCall): void {
    const { server, options } = call
    const owner = this.#owners.get(server) ?? call.owner
    if (owner !== undefined) call.owner = owner
    const key = listenerKey(options as ListenTarget)
    if (key === undefined) return
    const preparation = this.#events.prepare(owner)
    if (preparation !== undefined) {
      call.postpone(preparation.done, preparation.isWanted)
      return
    }
    this.#events.opening(server, owner)
    // A foreign server that leaves the port to the system must not get that of an app; its own was not handed on.
    try {
      const inherited = owner === undefined && isEphemeral(key) ? undefined : this.#events.claim(key)
      if (inherited !== undefined) this.#adopt(call, inherited)
      else this.#bind(call, key)
    } catch (error) {
      call.fail(toError(error))
    }
  }

  #adopt(call: ListenCall, { key, fd, index, address, activated = false, handle }: ClaimedListener): void {
    const { server, options, owner } = call
    // The path of an activated socket is the service manager's, to be removed by nobody else.
    const isOwn = !activated && 'path' in address && UnixPath.isFile(address.path)
    const path = isOwn ? new UnixPath(address.path) : undefined
    const backlog = options.backlog ?? DEFAULT_BACKLOG
    adoptDormant(server, handle, 'path' in address ? address.path : undefined)
    call.redirect({ fd })
    call.whenListening(() => {
      const found = addressOf(server)
      if (found === undefined || !sameAddress(found, address)) {
        const is = found === undefined ? 'has no address' : `is bound to ${formatAddress(found)}`
        throw new BadHandoffError(`file descriptor ${fd} ${is}, not to ${formatAddress(address)}`)
      }
      this.#add({ server, key, address, backlog, owner, index, activated, path })
      if (!this.#accepting) return
      startAccepting(server, backlog)
      path?.recognize()
    })
  }

  #bind(call: ListenCall, key: string): void {
    const { server, options, owner } = call
    const backlog = options.backlog ?? DEFAULT_BACKLOG
    // What workers ask of their primary must be the same for all of them.
    const path = call.isForwarded || call.isFixed ? undefined : unixPathOf(key, options.path)
    if (path?.tooLong !== undefined) {
      call.fail(path.tooLong)
      return
    }
    const temporary = path?.temporaryName()
    if (temporary !== undefined) call.redirect({ path: temporary })
    call.whenListening(() => {
      if (path !== undefined && temporary !== undefined) {
        path.install(temporary)
        setPipeName(server, path.path)
      }
      const address = addressOf(server)
      if (address !== undefined) this.#add({ server, key, address, backlog, owner, path, ...NOT_INHERITED })
    })
  }

  #add(listener: Listener): void {
    this.#all.set(listener.server, listener)
    listener.server.once('close', () => {
      if (this.#all.get(listener.server) === listener) this.#forget(listener)
    })
    this.#events.opened(listener)
  }
}

function unixPathOf(key: string, name: string | undefined): UnixPath | undefined {
  return key.startsWith('unix ') && name !== undefined && UnixPath.isFile(name) ? new UnixPath(name) : undefined
}

function addressOf(server: Server): BoundAddress | undefined {
  const address = server.address()
  if (address === null) return undefined
  if (typeof address === 'string') return { path: address }
  return { family: address.family === 'IPv6' ? 'IPv6' : 'IPv4', address: address.address, port: address.port }
}

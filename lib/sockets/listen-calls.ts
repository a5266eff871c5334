import { rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { BadHandoffError } from '../errors.js'
import { adoptDormant, refuseConnections, setPipeName, startAccepting } from '../internals/listening-handle.js'
import type { ClaimedListener } from '../reload/handoff-flag.js'
import { toError } from '../util/to-error.js'
import type { ListenCall } from './listen-hook.js'
import {
  type BoundAddress,
  formatAddress,
  isEphemeral,
  type ListenTarget,
  listenerKey,
  sameAddress
} from './listener-key.js'
import { type Listeners, NOT_INHERITED } from './listeners.js'
import { UnixPath } from './unix-path.js'

/** What a listen call has to know and to tell. */
export interface ListenCallsEvents {
  /** An inherited listener with this key, if there is one. */
  claim(key: string): ClaimedListener | undefined
  /** The work of an owner before its first server listens, if it is not done yet. */
  prepare(owner: object | undefined): { done: Promise<unknown>; isWanted: () => boolean } | undefined
  /** A server is about to listen: the first moment at which its connections can be followed. */
  opening(server: Server, owner: object | undefined): void
}

/** net.Server's own default: https://nodejs.org/api/net.html#serverlisten */
const DEFAULT_BACKLOG = 511

/** Answers each listen call of this process: it adopts an inherited listener, or else binds a new one. */
export class ListenCalls {
  readonly #listeners: Listeners
  readonly #events: ListenCallsEvents
  readonly #isCheck: boolean
  readonly #owners = new WeakMap<Server, object>()

  /** @param isCheck - this process only shows whether it could listen */
  constructor(listeners: Listeners, events: ListenCallsEvents, isCheck = false) {
    this.#listeners = listeners
    this.#events = events
    this.#isCheck = isCheck
  }

  /** Names the owner of a server that has not listened yet. */
  own(server: Server, owner: object): void {
    this.#owners.set(server, owner)
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
    // The path of an activated socket belongs to the service manager, and only that may remove it.
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
      this.#listeners.add({ server, key, address, backlog, owner, index, activated, path })
      if (!this.#listeners.isAccepting) return
      startAccepting(server, backlog)
      path?.recognize()
    })
  }

  #bind(call: ListenCall, key: string): void {
    const { server, options, owner } = call
    const backlog = options.backlog ?? DEFAULT_BACKLOG
    // All workers must make the same request to their primary.
    const path = call.isForwarded || call.isFixed ? undefined : unixPathOf(key, options.path)
    if (path?.tooLong !== undefined) {
      call.fail(path.tooLong)
      return
    }
    const temporary = path?.temporaryName()
    if (temporary !== undefined) call.redirect({ path: temporary })
    call.whenListening(() => {
      if (path !== undefined && temporary !== undefined) {
        // In a check, no client may find the socket, and no file of it may stay when this process is gone.
        if (this.#isCheck) rmSync(temporary, { force: true })
        else path.install(temporary)
        setPipeName(server, path.path)
      }
      if (this.#isCheck) refuseConnections(server)
      const address = addressOf(server)
      if (address !== undefined) this.#listeners.add({ server, key, address, backlog, owner, path, ...NOT_INHERITED })
    })
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

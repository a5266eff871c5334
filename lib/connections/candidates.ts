import type { Socket } from 'node:net'
import { type ConnectionHandle, connectionHandle } from '../internals/connection-handle.js'
import type { Connections } from './tracker.js'
import type { WebSockets } from './websockets.js'

/** The connections of one listener, with the index under which the other process knows it. */
export interface MovingGroup {
  readonly index: number
  readonly connections: Connections
}

/** A connection that could move now. */
export interface Candidate {
  readonly group: MovingGroup
  readonly socket: Socket
  readonly handle: ConnectionHandle
}

/**
 * For how long to look at connections at a time, of which there may be thousands while this process still serves.
 * Milliseconds.
 */
const SLICE = 0.5
/** How many are looked at before the clock is. */
const STRIDE = 16

/** The connections that could move: those that are idle now, and WebSockets between two frames. */
export class Candidates {
  readonly #groups: readonly MovingGroup[]
  readonly #upgraded: WebSockets
  /** Groups of which the other process takes no more. */
  readonly #refused = new Set<MovingGroup>()
  /** One on which something has just ended. */
  #suggested: Socket | undefined
  /** The look at all of them that is in progress. */
  #look: Iterator<readonly [MovingGroup, Socket]> | undefined

  constructor(groups: readonly MovingGroup[], upgraded: WebSockets) {
    this.#groups = groups
    this.#upgraded = upgraded
  }

  get groups(): readonly MovingGroup[] {
    return this.#groups
  }

  /**
   * Listeners whose connections were refused: the child has no such listener, or no room. They stay here to their end.
   */
  refuse(group: MovingGroup): void {
    this.#refused.add(group)
  }

  /** Whether these connections are among those that move, and the other process takes them. */
  includes(connections: Connections): boolean {
    return this.#groups.some((group) => group.connections === connections && !this.#refused.has(group))
  }

  /** A connection may be idle now: it is looked at next. */
  suggest(socket: Socket): void {
    this.#suggested = socket
  }

  /** Begins to look at all of them, unless such a look is in progress. */
  lookAtAll(): void {
    this.#look ??= this.#all()
  }

  /** Whether {@link next} has not looked at all of them yet. */
  get isLooking(): boolean {
    return this.#look !== undefined
  }

  /** A connection that is idle now and not known yet; undefined if none was found in the time for that. */
  next(isKnown: (socket: Socket) => boolean): Candidate | undefined {
    const socket = this.#suggested
    this.#suggested = undefined
    const candidate = socket && !isKnown(socket) ? this.#candidate(this.#groupOf(socket), socket) : undefined
    return candidate ?? this.#nextInLook(isKnown)
  }

  /** Whether there is a connection that could move now or later. */
  get isAnyLeft(): boolean {
    for (const [group, socket] of this.#all()) if (this.#canEverMove(group, socket)) return true
    return false
  }

  #nextInLook(isKnown: (socket: Socket) => boolean): Candidate | undefined {
    const end = performance.now() + SLICE
    for (let count = 1; this.#look !== undefined; count += 1) {
      const { value, done } = this.#look.next()
      if (done === true) {
        this.#look = undefined
        return undefined
      }
      const [group, socket] = value
      const candidate = this.#candidate(group, socket)
      if (candidate !== undefined && !isKnown(socket)) return candidate
      if (count % STRIDE === 0 && performance.now() >= end) return undefined
    }
    return undefined
  }

  /** What comes or goes while one looks is seen or not: https://tc39.es/ecma262/#sec-set.prototype.foreach */
  *#all(): Generator<readonly [MovingGroup, Socket], undefined> {
    for (const group of this.#groups) {
      for (const socket of group.connections.open) {
        if (this.#refused.has(group)) break
        yield [group, socket]
      }
    }
  }

  #groupOf(socket: Socket): MovingGroup | undefined {
    return this.#groups.find((group) => !this.#refused.has(group) && group.connections.open.has(socket))
  }

  #candidate(group: MovingGroup | undefined, socket: Socket): Candidate | undefined {
    if (group === undefined || !this.#isIdle(group, socket)) return undefined
    const handle = connectionHandle(socket)
    const isUntouched = socket.readableLength === 0 && !socket.readableEnded && !socket.writableEnded
    return handle === undefined || !isUntouched ? undefined : { group, socket, handle }
  }

  #isIdle({ connections }: MovingGroup, socket: Socket): boolean {
    if (!connections.isUpgraded(socket)) return connections.isIdle(socket)
    return !socket.destroyed && this.#upgraded.mobility(socket) === 'ready'
  }

  #canEverMove({ connections }: MovingGroup, socket: Socket): boolean {
    if (socket.destroyed || connectionHandle(socket) === undefined) return false
    return !connections.isUpgraded(socket) || this.#upgraded.mobility(socket) !== 'never'
  }
}

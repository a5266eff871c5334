import type { Socket } from 'node:net'
import { connectionHandle } from '../internals/connection-handle.js'
import type { Candidate, MovingGroup } from './moving.js'
import type { Connections } from './tracker.js'
import type { WebSockets } from './websockets.js'

/** Looking at thousands of connections takes milliseconds, and the parent still serves: one part in this many goes to it. */
const LOOK_SHARE = 10

/** The connections that could move: those that are idle now, and WebSockets between two frames. */
export class Candidates {
  readonly #groups: readonly MovingGroup[]
  readonly #upgraded: WebSockets
  /** Groups of which the child takes no more. */
  readonly #refused = new Set<MovingGroup>()
  #found: Candidate[] = []
  #nextLook = 0

  constructor(groups: readonly MovingGroup[], upgraded: WebSockets) {
    this.#groups = groups
    this.#upgraded = upgraded
  }

  get groups(): readonly MovingGroup[] {
    return this.#groups
  }

  /** What was refused once would be again: no such listener, or no room. Its connections stay here to their end. */
  refuse(group: MovingGroup): void {
    this.#refused.add(group)
    this.#found = this.#found.filter((candidate) => candidate.group !== group)
  }

  /** Whether these connections are among those that move, and the child takes them. */
  includes(connections: Connections): boolean {
    return this.#groups.some((group) => group.connections === connections && !this.#refused.has(group))
  }

  /** One that is idle at this moment, other than those that are known already. */
  next(isKnown: (socket: Socket) => boolean): Candidate | undefined {
    for (;;) {
      const candidate = this.#found.pop() ?? this.#look(isKnown)
      if (candidate === undefined || this.#isStillIdle(candidate)) return candidate
    }
  }

  /** Whether there is a connection that could move now or later. */
  get isAnyLeft(): boolean {
    return this.#groups.some((group) => {
      const { open } = group.connections
      return !this.#refused.has(group) && [...open].some((socket) => this.#canEverMove(group, socket))
    })
  }

  #canEverMove({ connections }: MovingGroup, socket: Socket): boolean {
    if (socket.destroyed || connectionHandle(socket) === undefined) return false
    return !connections.isUpgraded(socket) || this.#upgraded.mobility(socket) !== 'never'
  }

  /** What was idle and has read nothing since still is. */
  #isStillIdle({ group, socket, bytesRead }: Candidate): boolean {
    if (group.connections.isUpgraded(socket)) return this.#upgraded.mobility(socket) === 'ready'
    return !socket.destroyed && socket.bytesRead === bytesRead
  }

  #look(isKnown: (socket: Socket) => boolean): Candidate | undefined {
    const begun = performance.now()
    if (begun < this.#nextLook) return undefined
    for (const group of this.#groups) {
      if (this.#refused.has(group)) continue
      for (const socket of [...group.connections.idle(), ...this.#webSocketsAtRest(group)]) {
        const handle = connectionHandle(socket)
        const isUntouched = socket.readableLength === 0 && !socket.readableEnded && !socket.writableEnded
        if (handle === undefined || !isUntouched || isKnown(socket)) continue
        this.#found.push({ group, socket, handle, bytesRead: socket.bytesRead })
      }
    }
    const ended = performance.now()
    this.#nextLook = ended + (ended - begun) * LOOK_SHARE
    return this.#found.pop()
  }

  #webSocketsAtRest({ connections }: MovingGroup): Socket[] {
    const isAtRest = (socket: Socket) =>
      connections.isUpgraded(socket) && !socket.destroyed && this.#upgraded.mobility(socket) === 'ready'
    return [...connections.open].filter(isAtRest)
  }
}

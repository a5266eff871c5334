import type { Server, Socket } from 'node:net'
import { onChannelEnd } from '../internals/channel-end.js'
import { acceptConnection, type ConnectionHandle, markIdle } from '../internals/connection-handle.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import { Takings } from './taking.js'
import type { Connections } from './tracker.js'
import type { Arrival, Upgrade } from './upgrades.js'

/** A connection that moves, as the parent announces it. */
export type ArrivingConnection = Extract<ToChild, { type: 'connection' }>

/** What the child needs to take connections from its parent. */
export interface ArrivalSettings {
  /** The connections of the server that has adopted the listener with this index. */
  find(index: number): Connections | undefined
  /** Whether a connection of a server that has stopped accepting would go on to the child of this process. */
  passesOn(connections: Connections): boolean
  /** Sends to the parent; resolves once it is in the channel, and with false when it cannot be sent. */
  send(message: ToParent): Promise<unknown>
  /** Goes on with a WebSocket; without what should have come along, closes it. */
  resume(server: Server, handle: ConnectionHandle, upgrade: Upgrade, arrival: Arrival | undefined): void
  /** One has been taken, and nothing has been read from it yet. */
  accepted(): void
}

/** Takes the connections that the parent moves here and gives them to their servers. */
export class Arrivals {
  readonly #settings: ArrivalSettings
  readonly #deadlines = new WeakMap<Socket, number>()
  readonly #takings = new Takings()
  /** The word by which a WebSocket becomes this process's, while it is heard. */
  #released: { readonly arrival: Arrival | undefined } | undefined
  /** Nothing comes before the parent says so: it may be a launcher, which has no connections. */
  #isOver = true

  constructor(settings: ArrivalSettings) {
    this.#settings = settings
    onChannelEnd(() => this.#takings.tellAll({ type: 'cut off' }))
  }

  /** Whether the parent has no connection left that could come. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes a connection, or leaves it to the parent. */
  receive(message: ArrivingConnection, handle: ConnectionHandle | undefined): void {
    const { id, index, upgrade } = message
    const connections = this.#settings.find(index)
    const isAble = handle !== undefined && connections !== undefined && this.#hasRoom(connections)
    // Without a channel the parent cannot hear that it was taken, and serves it itself.
    this.#takings.take(id, upgrade === undefined ? 'http' : 'websocket', isAble && process.connected, {
      say: (word) => this.#settings.send({ type: `connection ${word}`, id }),
      accept: () => isAble && this.#accept(connections.server, handle, message),
      close: () => handle?.close()
    })
  }

  /** The parent has let go of a WebSocket, with what goes along. */
  released(id: number, arrival: Arrival | undefined): void {
    this.#released = { arrival }
    this.#takings.tell(id, { type: 'released' })
    this.#released = undefined
  }

  /** The parent has kept a WebSocket. */
  kept(id: number): void {
    this.#takings.tell(id, { type: 'kept' })
  }

  /** The parent begins to give, or gives no more. */
  migration(isOver: boolean): void {
    this.#isOver = isOver
  }

  /** The parent has ended: what it has not kept is ours. Or it cannot be reached any more, and may live. */
  orphaned(isOutOfReach: boolean): void {
    this.#isOver = true
    this.#takings.tellAll({ type: isOutOfReach ? 'cut off' : 'giver ended' })
  }

  /** The parent has sent a connection and heard nothing of it; its handle may have been lost on the way. */
  inquire(id: number): void {
    if (this.#takings.isUnknown(id)) void this.#settings.send({ type: 'connection refused', id })
  }

  /** Whether a connection had its first request before it was moved here. */
  hasBrought(socket: Socket): boolean {
    return this.#deadlines.has(socket)
  }

  /** For how long a connection that has sent nothing since it was moved here may stay silent; 0: for ever. Milliseconds. */
  timeLeft(socket: Socket): number | undefined {
    const deadline = this.#deadlines.get(socket)
    if (deadline === undefined || socket.bytesRead > 0) return undefined
    return deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, deadline - performance.now())
  }

  #accept(server: Server, handle: ConnectionHandle, { upgrade, used, timeLeft }: ArrivingConnection): void {
    if (upgrade !== undefined) {
      // What is inherited from a parent that has ended comes without a word.
      const { arrival } = this.#released ?? { arrival: upgrade.hasState ? undefined : { state: undefined } }
      this.#settings.resume(server, handle, upgrade, arrival)
      return
    }
    const socket = acceptConnection(server, handle)
    if (socket !== undefined && used) this.#resume(socket, timeLeft)
    this.#settings.accepted()
  }

  #hasRoom(connections: Connections): boolean {
    const { server, size } = connections
    return (server.listening || this.#settings.passesOn(connections)) && !(server.maxConnections <= size)
  }

  /**
   * Lets a connection go on as one between two requests: closed without a word when it stays silent until its keep-alive
   * timeout, which Node sets after a response and not before. From the first byte on, Node's own timeouts apply.
   */
  #resume(socket: Socket, timeLeft: number): void {
    markIdle(socket)
    this.#deadlines.set(socket, timeLeft > 0 ? performance.now() + timeLeft : Number.POSITIVE_INFINITY)
    if (timeLeft <= 0) return
    const closeIfSilent = () => socket.bytesRead === 0 && socket.destroy()
    // The second look finds the bytes that had arrived when the timer fired.
    setTimeout(() => setImmediate(closeIfSilent), timeLeft).unref()
  }
}

import type { Server, Socket } from 'node:net'
import { acceptConnection, type ConnectionHandle, markIdle } from '../internals/connection-handle.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import type { OpenConnections } from './open-connections.js'
import type { Upgrade } from './upgrades.js'

/** A connection that moves, as the parent announces it. */
export type ArrivingConnection = Extract<ToChild, { type: 'connection' }>

/** What the child needs to take connections from its parent. */
export interface ArrivalSettings {
  /** The connections of the server that has adopted the listener with this index. */
  find(index: number): OpenConnections | undefined
  /** Sends to the parent; resolves once it is in the channel, or nobody is there to hear it. */
  send(message: ToParent): Promise<unknown>
  /** Goes on with a WebSocket. */
  resume(server: Server, handle: ConnectionHandle, upgrade: Upgrade): void
}

/** A WebSocket that has been taken, and that the parent has not yet let go of. */
interface Waiting {
  server: Server
  handle: ConnectionHandle
  upgrade: Upgrade
}

/** Takes the connections that the parent moves here and gives them to their servers. */
export class Arrivals {
  readonly #settings: ArrivalSettings
  readonly #deadlines = new WeakMap<Socket, number>()
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(settings: ArrivalSettings) {
    this.#settings = settings
  }

  /**
   * Takes a connection, or leaves it to the parent. The word that it is taken is in the channel before the first byte is read
   * here: should this process die, the parent knows which connections are untouched.
   */
  async receive(message: ArrivingConnection, handle: ConnectionHandle | undefined): Promise<void> {
    const { id, index, upgrade } = message
    this.#lastId = id
    const connections = this.#settings.find(index)
    // Without a channel the parent cannot hear that it was taken, and serves it itself.
    if (handle === undefined || connections === undefined || !hasRoom(connections) || !process.connected) {
      handle?.close()
      await this.#settings.send({ type: 'connection refused', id })
      return
    }
    const { server } = connections
    if (upgrade !== undefined) this.#waiting.set(id, { server, handle, upgrade })
    await this.#settings.send({ type: 'connection taken', id })
    if (upgrade !== undefined) return
    const socket = acceptConnection(server, handle)
    if (socket !== undefined && message.used) this.#resume(socket, message.timeLeft)
  }

  /** The parent has let go of a WebSocket, or kept it. */
  decided(id: number, isReleased: boolean): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting === undefined) return
    if (isReleased) this.#settings.resume(waiting.server, waiting.handle, waiting.upgrade)
    else waiting.handle.close()
  }

  /** The parent is gone: what it has not kept is ours. */
  orphaned(): void {
    for (const id of [...this.#waiting.keys()]) this.decided(id, true)
  }

  /** The parent has sent a connection and heard nothing of it; its handle may have been lost on the way. */
  async inquire(id: number): Promise<void> {
    if (id !== this.#lastId) await this.#settings.send({ type: 'connection refused', id })
  }

  /** For how long a connection that has sent nothing since it was moved here may stay silent; 0: for ever. Milliseconds. */
  timeLeft(socket: Socket): number | undefined {
    const deadline = this.#deadlines.get(socket)
    if (deadline === undefined || socket.bytesRead > 0) return undefined
    return deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, deadline - performance.now())
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

function hasRoom({ server, size }: OpenConnections): boolean {
  return server.listening && !(server.maxConnections <= size)
}

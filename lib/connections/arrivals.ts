import type { Server as HttpServer } from 'node:http'
import type { Server, Socket } from 'node:net'
import { acceptConnection, type ConnectionHandle } from '../internals/connection-handle.js'
import type { FromTaker, MovingConnection } from '../protocol/connection-messages.js'
import type { Arrived } from './arrived.js'
import type { KeptConnection } from './kept.js'
import { Takings } from './taking.js'
import { TogetherAnswers } from './together-answers.js'
import type { Connections } from './tracker.js'
import type { Arrival, Upgrade } from './websocket-upgrade.js'

/** What this process needs to take connections from another one. */
export interface ArrivalSettings {
  readonly arrived: Arrived
  /** The connections of the server that has the listener with this index. */
  find(index: number): Connections | undefined
  /** Whether a connection of a server that has stopped accepting would go on to the child of this process. */
  passesOn(connections: Connections): boolean
  /** Sends to the other process; resolves once it is in the channel, and with false when it cannot be sent. */
  send(message: FromTaker): Promise<unknown>
  /** Whether it can be reached. */
  isInReach(): boolean
  /** Whether what is read from connections that come will be noted. */
  notes(): boolean
  /** Goes on with a WebSocket; without what should have come along, closes it. */
  resume(server: Server, handle: ConnectionHandle, upgrade: Upgrade, arrival: Arrival | undefined): void
  /** One is this process's from now on. */
  comes(connection: MovingConnection): void
  /** One has been taken, and nothing has been read from it yet; without a socket, it was closed at once. */
  accepted(connection: MovingConnection, socket: Socket | undefined): void
}

/** Takes the connections that another process moves here and gives them to their servers. */
export class Arrivals {
  readonly #settings: ArrivalSettings
  readonly #takings = new Takings()
  /** The message that hands over a WebSocket, while this process handles it. */
  #released: { readonly arrival: Arrival | undefined } | undefined
  /** No connection comes before the other process says that one will. */
  #isOver = true
  readonly #answers: TogetherAnswers
  /** How many connections may come yet: their answers are on their way, or wait for those to others. */
  readonly #coming = new WeakMap<Connections, number>()

  constructor(settings: ArrivalSettings) {
    this.#settings = settings
    this.#answers = new TogetherAnswers(([id, ...others]) =>
      settings.send({
        type: 'connection taken',
        id,
        noted: settings.notes(),
        ...(others.length > 0 && { others })
      })
    )
  }

  /** Whether the other process has no connection left that could come. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes a connection, or leaves it to the other process. */
  receive(message: MovingConnection, handle: ConnectionHandle | undefined): void {
    const { id, index, upgrade, rest } = message
    const connections = this.#settings.find(index)
    // Without a channel the giver does not learn that this process took it, and serves it itself.
    const isReachable = handle !== undefined && this.#settings.isInReach()
    const place = isReachable && connections !== undefined ? this.#placeAt(connections) : undefined
    this.#takings.take(id, upgrade === undefined ? 'http' : 'websocket', place !== undefined, {
      say: (word) => (word === 'taken' ? this.#answers.taken(id, rest) : this.#refuse(id)),
      accept: () => {
        place?.leave()
        if (place !== undefined && handle !== undefined) this.#accept(place.connections, handle, message)
      },
      close: () => {
        place?.leave()
        handle?.close()
      }
    })
  }

  /** Gives the answers that wait: this process begins to leave. */
  answer(): void {
    this.#answers.flush()
  }

  /** Serves a connection again that this process has kept, if it can. Returns whether it does. */
  takeBack({ index, used, timeLeft, handle }: KeptConnection): boolean {
    const connections = this.#settings.find(index)
    if (connections === undefined || !this.#hasRoom(connections)) return false
    const { keepAliveTimeout } = connections.server as HttpServer
    this.#serve(connections, handle, used, timeLeft ?? keepAliveTimeout)
    return true
  }

  /** The giver has let go of a WebSocket, with what goes along. */
  released(id: number, arrival: Arrival | undefined): void {
    this.#released = { arrival }
    this.#takings.tell(id, { type: 'released' })
    this.#released = undefined
  }

  /** The giver has kept a WebSocket. */
  kept(id: number): void {
    this.#takings.tell(id, { type: 'kept' })
  }

  /** The giver begins to give, or gives no more. */
  migration(isOver: boolean): void {
    this.#isOver = isOver
  }

  /** The channel has ended; the giver may live. */
  cutOff(): void {
    this.#takings.tellAll({ type: 'cut off' })
  }

  /** The giver has ended: what it has not kept is ours. Or it cannot be reached any more, and may live. */
  orphaned(isOutOfReach: boolean): void {
    this.#isOver = true
    if (isOutOfReach) this.cutOff()
    else this.#takings.tellAll({ type: 'giver ended' })
  }

  /** The giver has sent a connection and got no answer; the handle may have been lost on the way. */
  inquire(id: number): void {
    if (this.#takings.isUnknown(id)) void this.#refuse(id)
  }

  /** After the answers that wait: the last of those that came together may be this one. */
  #refuse(id: number): Promise<unknown> {
    this.#answers.flush()
    return this.#settings.send({ type: 'connection refused', id })
  }

  #accept(connections: Connections, handle: ConnectionHandle, message: MovingConnection): void {
    const { upgrade, used, timeLeft } = message
    this.#settings.comes(message)
    if (upgrade === undefined) {
      this.#settings.accepted(message, this.#serve(connections, handle, used, timeLeft))
      return
    }
    // If the giver has ended, a connection comes without a release.
    const { arrival } = this.#released ?? { arrival: upgrade.hasState ? undefined : { state: undefined } }
    connections.bring(() => this.#settings.resume(connections.server, handle, upgrade, arrival))
  }

  #serve(connections: Connections, handle: ConnectionHandle, used: boolean, timeLeft: number): Socket | undefined {
    const socket = connections.bring(() => acceptConnection(connections.server, handle))
    if (socket !== undefined && used) this.#settings.arrived.goOn(socket, timeLeft)
    return socket
  }

  /** A place for a connection until it is decided whether it comes; undefined: there is no room. */
  #placeAt(connections: Connections): { readonly connections: Connections; leave(): void } | undefined {
    if (!this.#hasRoom(connections)) return undefined
    const coming = (change: 1 | -1) => this.#coming.set(connections, (this.#coming.get(connections) ?? 0) + change)
    coming(1)
    return { connections, leave: () => coming(-1) }
  }

  #hasRoom(connections: Connections): boolean {
    const { server, size } = connections
    const expected = size + (this.#coming.get(connections) ?? 0)
    return (server.listening || this.#settings.passesOn(connections)) && !(server.maxConnections <= expected)
  }
}

import type { Server, Socket } from 'node:net'
import type { Exchange } from '../connections/exchange.js'
import { Noting } from '../connections/noting.js'
import type { Connections } from '../connections/tracker.js'
import { onChannelEnd } from '../internals/channel-end.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { Service } from '../process/service.js'
import type { ConnectionMessage, FromGiver } from '../protocol/connection-messages.js'
import { exchangeWith, move } from './connection-exchange.js'
import type { ParentChannel } from './parent-channel.js'

/** The connections that pass between this process and its parent. */
export class ChildConnections {
  readonly #service: Service
  readonly #parent: ParentChannel
  readonly #exchange: Exchange
  /** While the parent keeps copies. */
  #noting: Noting | undefined
  /** What has adopted an inherited listener, by the place of that in the handoff. */
  readonly #adopted = new Map<number, Server>()

  constructor(service: Service, parent: ParentChannel) {
    this.#service = service
    this.#parent = parent
    this.#exchange = exchangeWith(service, {
      find: (index) => this.#connectionsOf(index),
      send: (message) => parent.send(message),
      isInReach: () => process.connected,
      notes: () => this.#noting?.isOn === true,
      comes: () => {},
      accepted: ({ id }, socket) => this.#accepted(id, socket)
    })
    onChannelEnd(() => this.#exchange.arrivals.cutOff())
  }

  /** Takes note of the servers that have adopted a listener. */
  adopt(): void {
    for (const { index, server } of this.#service.listeners.open)
      if (index !== undefined) this.#adopted.set(index, server)
  }

  hear(message: ConnectionMessage, handle: ConnectionHandle | undefined): void {
    if (message.type === 'migration' && !message.isOver) {
      const tell = (ids: number[]) => void this.#parent.send({ type: 'connections closed', ids })
      this.#noting = Noting.begin(message.register, tell)
    }
    this.#exchange.hear(message, handle)
  }

  /** The parent is gone; or it cannot be reached any more, and may live. */
  orphaned(isOutOfReach: boolean): void {
    this.#exchange.gone(isOutOfReach)
  }

  /** The parent keeps no copies any more; of those that may still come neither. */
  settle(): void {
    this.#noting?.end()
    this.#noting = undefined
  }

  /** The parent accepts again: open connections go back to it. */
  giveBack(): void {
    const { listeners } = this.#service
    move(this.#service, this.#exchange, {
      listeners: listeners.open.flatMap((listener) =>
        listener.index === undefined ? [] : [[listener.index, listener]]
      ),
      send: (message, handle) => this.#give(message, handle),
      was: (socket) => this.#noting?.idOf(socket),
      isOutOfReach: () => this.#isParentAlive(),
      register: undefined,
      duration: 0
    })
  }

  /** Asks the system: if the parent is gone, all that is on its way to it comes back here by that. */
  #isParentAlive(): boolean {
    this.#parent.look()
    return !this.#parent.isGone
  }

  async #give(message: FromGiver, handle: ConnectionHandle | undefined): Promise<void> {
    const isSent = await this.#parent.send(message, handle)
    if (!isSent) throw new Error('the parent is gone')
  }

  #accepted(id: number, socket: Socket | undefined): void {
    this.#noting?.add(id, socket)
    if (socket !== undefined) this.#service.migration?.look(socket)
  }

  #connectionsOf(index: number): Connections | undefined {
    const server = this.#adopted.get(index)
    return server && this.#service.connections.ofServer(server)
  }
}

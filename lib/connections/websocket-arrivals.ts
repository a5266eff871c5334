import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { catchAnswer, refuse } from '../internals/caught-answer.js'
import { acceptConnection, type ConnectionHandle } from '../internals/connection-handle.js'
import { CLOSE_CODES, closeFrame } from './websocket-close.js'
import { type Arrival, formatUpgrade, isSameAnswer, type Upgrade } from './websocket-upgrade.js'

/** What came along with a WebSocket. */
interface Came {
  readonly arrival: Arrival
  /** How it began, and what its route in the process before does. */
  readonly upgrade: Upgrade
}

/** The WebSockets that have come from another process, by the requests that were made again for them. */
export class WebSocketArrivals {
  readonly #known = new WeakMap<object, Came>()
  #arriving: (Came & { readonly socket: Socket }) | undefined

  /** @param request - as Node knows it */
  of(request: object): Came | undefined {
    return this.#known.get(request)
  }

  /** Takes note of an upgrade. */
  upgrading(request: IncomingMessage, socket: Socket): void {
    if (socket === this.#arriving?.socket) this.#known.set(request, this.#arriving)
  }

  /**
   * Goes on with a WebSocket that has been another process's: the request is made again, and the answer to it is
   * caught.
   *
   * @param arrival - undefined: what should have come along did not, and the client has to connect again
   */
  receive(server: Server, handle: ConnectionHandle, upgrade: Upgrade, arrival: Arrival | undefined): void {
    const socket = acceptConnection(server, handle)
    if (socket === undefined) return
    const refusal = closeFrame(CLOSE_CODES.serviceRestart)
    if (arrival === undefined) {
      refuse(socket, refusal)
      return
    }
    catchAnswer(socket, (answer) => isSameAnswer(answer, upgrade), refusal)
    this.#arriving = { socket, arrival, upgrade }
    // As if the bytes had just come: https://nodejs.org/api/http.html#event-connection
    socket.emit('data', formatUpgrade(upgrade))
    this.#arriving = undefined
  }
}

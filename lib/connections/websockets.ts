import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { catchAnswer } from '../internals/caught-answer.js'
import { acceptConnection, type ConnectionHandle } from '../internals/connection-handle.js'
import { isBetweenFrames, isPlain, isRouted, type WebSocket, webSocketOn } from '../internals/websocket.js'
import { pathOf } from '../util/path-of.js'
import {
  CLOSE_CODES,
  closeFrame,
  formatUpgrade,
  hasBody,
  isSameAnswer,
  type Mobility,
  type Upgrade
} from './upgrades.js'

type Handshake = Omit<Upgrade, 'protocol'>

interface Known {
  handshake: Handshake
  isWebSocket: boolean
  /** Whether a route of the app answers the upgrade, so that the same request does the same in the child. */
  isRouted: boolean
  /** A request with a body cannot be made again. */
  hasBody: boolean
  /** What had been written before the upgrade was answered. */
  bytesWritten: number
  webSocket?: WebSocket | undefined
  told?: boolean
}

/**
 * The connections of this process that another protocol has taken over, WebSocket above all. Costs one small record per upgrade,
 * and nothing per message.
 */
export class WebSockets {
  readonly #known = new WeakMap<Socket, Known>()
  readonly #moved = new WeakSet<object>()
  readonly #pins = new WeakMap<object, number>()
  readonly #arrived = new WeakSet<object>()
  #arriving: Socket | undefined

  /** Takes note of an upgrade, before whoever answers it has seen it. */
  upgrading(request: IncomingMessage, socket: Socket): void {
    const { method = '', url = '', httpVersion, rawHeaders = [] } = request
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    const known: Known = {
      handshake: { method, url, httpVersion, rawHeaders },
      isWebSocket,
      isRouted: false,
      hasBody: hasBody(rawHeaders),
      bytesWritten: socket.bytesWritten
    }
    this.#known.set(socket, known)
    if (socket === this.#arriving) this.#arrived.add(request)
    process.nextTick(() => {
      known.isRouted = isRouted(request, socket)
    })
  }

  /** Keeps a WebSocket here until what is returned is called; a second call of that does nothing. */
  pin(webSocket: object): () => void {
    this.#pins.set(webSocket, (this.#pins.get(webSocket) ?? 0) + 1)
    let isPinned = true
    return () => {
      if (isPinned) this.#pins.set(webSocket, (this.#pins.get(webSocket) ?? 1) - 1)
      isPinned = false
    }
  }

  hasMoved(webSocket: object): boolean {
    return this.#moved.has(webSocket)
  }

  /** @param request - as Node knows it */
  hasArrived(request: object): boolean {
    return this.#arrived.has(request)
  }

  mobility(socket: Socket): Mobility {
    const known = this.#known.get(socket)
    if (known === undefined || !known.isRouted || known.hasBody) return 'never'
    const webSocket = this.#webSocketOn(socket)
    if (webSocket === undefined) return 'busy' // The upgrade has not been answered yet.
    if (!isPlain(webSocket)) return 'never'
    const isPinned = (this.#pins.get(webSocket) ?? 0) > 0
    return !isPinned && isBetweenFrames(webSocket, socket) ? 'ready' : 'busy'
  }

  /** What the child needs to go on with it. */
  upgradeOf(socket: Socket): Upgrade | undefined {
    const known = this.#known.get(socket)
    return known && { ...known.handshake, protocol: this.#webSocketOn(socket)?.protocol ?? '' }
  }

  /** Ends it here, as the child has it. Returns false, and does nothing, when it is no longer `ready`. */
  release(socket: Socket): boolean {
    const webSocket = this.#webSocketOn(socket)
    if (webSocket === undefined || this.mobility(socket) !== 'ready') return false
    this.#moved.add(webSocket)
    // At once no longer OPEN, so that nobody sends into the void until `close` is emitted.
    webSocket.terminate()
    return true
  }

  /**
   * Sends a close frame. Returns whether the client has been told, now or earlier; not while its upgrade is not yet
   * answered, or if it speaks something else.
   */
  close(socket: Socket, code: number, reason: string): boolean {
    const known = this.#known.get(socket)
    if (known === undefined || known.told) return known?.told === true
    const webSocket = this.#webSocketOn(socket)
    if (webSocket !== undefined) webSocket.close(code, reason)
    else if (!known.isWebSocket || known.isRouted || socket.bytesWritten === known.bytesWritten) return false
    // What another library has written are whole frames.
    else if (socket.writable) socket.write(closeFrame(code))
    known.told = true
    return true
  }

  /** The path of the request that it began with, without the query. */
  pathOf(socket: Socket): string {
    return pathOf(this.#known.get(socket)?.handshake.url)
  }

  /** Goes on with a WebSocket that has been another process's: the request is made again, and the answer to it is caught. */
  receive(server: Server, handle: ConnectionHandle, upgrade: Upgrade): void {
    const socket = acceptConnection(server, handle)
    if (socket === undefined) return
    catchAnswer(socket, (answer) => isSameAnswer(answer, upgrade), closeFrame(CLOSE_CODES.serviceRestart))
    this.#arriving = socket
    // As if the bytes had just come: https://nodejs.org/api/http.html#event-connection
    socket.emit('data', formatUpgrade(upgrade))
    this.#arriving = undefined
  }

  #webSocketOn(socket: Socket): WebSocket | undefined {
    const known = this.#known.get(socket)
    if (known === undefined) return undefined
    known.webSocket ??= webSocketOn(socket)
    return known.webSocket
  }
}

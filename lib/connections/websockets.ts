import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { isBetweenFrames, isPlain, isRouted, type WebSocket, webSocketOn } from '../internals/websocket.js'
import { pathOf } from '../util/path-of.js'
import { stateOf } from './state-of-websocket.js'
import { WebSocketArrivals } from './websocket-arrivals.js'
import { CLOSE_CODES, closeFrame } from './websocket-close.js'
import { type Consent, consentOf } from './websocket-routes.js'
import { type Arrival, hasBody, type Mobility, type Upgrade } from './websocket-upgrade.js'

type Handshake = Omit<Upgrade, 'protocol' | 'hasState'>

interface Known {
  handshake: Handshake
  isWebSocket: boolean
  /**
   * Whether a route of the app answers the upgrade, so that the same request does the same in the child; undefined: not
   * known yet.
   */
  isRouted: boolean | undefined
  /** Whether this plugin knows what the route says. */
  isAdmitted: boolean
  /** The consent of the route that it moves. */
  consent?: Consent | undefined
  /** A request with a body cannot be made again. */
  hasBody: boolean
  /** What had been written before the upgrade was answered. */
  bytesWritten: number
  webSocket?: WebSocket | undefined
  told?: boolean
}

const UNSEEN =
  'register this plugin before the WebSocket routes: it closes the WebSockets of earlier routes instead of moving them'

/**
 * The connections of this process that another protocol has taken over, WebSocket above all. Costs one small record per
 * upgrade, and nothing per message.
 */
export class WebSockets {
  readonly #known = new WeakMap<Socket, Known>()
  readonly #moved = new WeakSet<object>()
  readonly #pins = new WeakMap<object, number>()
  readonly #arrivals = new WebSocketArrivals()
  readonly #warn: (warning: string, error?: Error) => void

  /** @param warn - called when a route cannot say what goes along with a WebSocket */
  constructor(warn: (warning: string, error?: Error) => void) {
    this.#warn = warn
  }

  /** Notes an upgrade, before the code that answers it has seen it. */
  upgrading(request: IncomingMessage, socket: Socket): void {
    const { method = '', url = '', httpVersion, rawHeaders = [] } = request
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    const known: Known = {
      handshake: { method, url, httpVersion, rawHeaders },
      isWebSocket,
      isRouted: undefined,
      isAdmitted: false,
      hasBody: hasBody(rawHeaders),
      bytesWritten: socket.bytesWritten
    }
    this.#known.set(socket, known)
    this.#arrivals.upgrading(request, socket)
    process.nextTick(() => {
      known.isRouted = isRouted(request, socket)
    })
  }

  /**
   * A route is about to answer an upgrade. Returns whether it may: one of a WebSocket that has moved here meets a route
   * that expects what came along, or else nobody would notice that it got lost.
   *
   * @param isDefault - whether WebSockets move whose route says nothing
   */
  admit(request: FastifyRequest, isDefault: boolean): boolean {
    const known = this.#known.get(request.raw.socket)
    if (known === undefined) return true
    known.isAdmitted = true
    known.consent = consentOf(request, isDefault)
    const came = this.#arrivals.of(request.raw)
    if (came === undefined) return true
    return mayMove(known.consent, came.upgrade) && (known.consent?.move === true || came.upgrade.hasState)
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

  /**
   * What came along with the WebSocket of a request; undefined: it was opened here.
   *
   * @param request - as Node knows it
   */
  arrival(request: object): Arrival | undefined {
    return this.#arrivals.of(request)?.arrival
  }

  mobility(socket: Socket): Mobility {
    const known = this.#known.get(socket)
    if (known === undefined || known.isRouted === false || known.hasBody) return 'never'
    const webSocket = this.#webSocketOn(socket)
    if (webSocket === undefined) return 'busy' // The upgrade has not been answered yet.
    if (!isPlain(webSocket) || !mayMove(known.consent, webSocket)) return 'never'
    if ((this.#pins.get(webSocket) ?? 0) > 0) return 'pinned'
    return isBetweenFrames(webSocket, socket) ? 'ready' : 'busy'
  }

  /** Everything that the child needs to go on with it. */
  upgradeOf(socket: Socket): Upgrade | undefined {
    const known = this.#known.get(socket)
    const hasState = typeof known?.consent?.move === 'function'
    return known && { ...known.handshake, protocol: this.#webSocketOn(socket)?.protocol ?? '', hasState }
  }

  /** Its state, if it is released at this moment; undefined if it has to stay, for now or for ever. */
  pack(socket: Socket): Arrival | undefined {
    const known = this.#known.get(socket)
    const webSocket = this.#webSocketOn(socket)
    if (known?.consent === undefined || webSocket === undefined || this.mobility(socket) !== 'ready') return undefined
    const packed = stateOf(known.consent, webSocket)
    // The route's function may have used the WebSocket.
    if ('state' in packed) return this.mobility(socket) === 'ready' ? packed : undefined
    const { url } = known.consent.request.routeOptions
    if (packed.error)
      this.#warn(
        `WebSockets of ${url} are closed instead of moved, because config.graceful.move of this route failed`,
        packed.error
      )
    known.consent = undefined
    return undefined
  }

  /** Ends it here, as the child has it. */
  release(socket: Socket): void {
    const webSocket = this.#webSocketOn(socket)
    if (webSocket === undefined) return
    this.#moved.add(webSocket)
    // Not OPEN from now on, so that the app does not send into the void until `close` is emitted.
    webSocket.terminate()
  }

  /**
   * Sends a close frame. Returns whether the client has got one, now or earlier; not while its upgrade is not yet
   * answered, or if it speaks something else.
   */
  close(socket: Socket, code: number, reason: string): boolean {
    const known = this.#known.get(socket)
    if (known === undefined || known.told) return known?.told === true
    const webSocket = this.#webSocketOn(socket)
    if (webSocket !== undefined) webSocket.close(code, reason)
    else if (!known.isWebSocket || known.isRouted || socket.bytesWritten === known.bytesWritten) return false
    // Another library writes whole frames.
    else if (socket.writable) socket.write(closeFrame(code))
    known.told = true
    if (code === CLOSE_CODES.serviceRestart && known.isRouted && !known.isAdmitted) this.#warn(UNSEEN)
    return true
  }

  /** The path of the request that it began with, without the query. */
  pathOf(socket: Socket): string {
    return pathOf(this.#known.get(socket)?.handshake.url)
  }

  /** Goes on with a WebSocket that has been another process's; see {@link WebSocketArrivals.receive}. */
  receive(...arrived: Parameters<WebSocketArrivals['receive']>): void {
    this.#arrivals.receive(...arrived)
  }

  #webSocketOn(socket: Socket): WebSocket | undefined {
    const known = this.#known.get(socket)
    if (known === undefined) return undefined
    known.webSocket ??= webSocketOn(socket)
    return known.webSocket
  }
}

/** A named subprotocol is probably that of a library. The option for all routes does not apply to it. */
function mayMove(consent: Consent | undefined, { protocol }: Pick<WebSocket, 'protocol'>): boolean {
  return consent !== undefined && (consent.isExplicit || protocol === '')
}

import { inspect } from 'node:util'
import type { FastifyRequest, RouteOptions } from 'fastify'
import { InvalidOptionError } from '../errors.js'
import { unknownOption } from '../util/unknown-option.js'

/**
 * What goes along with a WebSocket that moves. Called in the parent at the moment of the move, with the socket and the
 * request that the route's handler received. What it returns must survive a structured clone. It decides at once: no
 * promise.
 */
// biome-ignore lint/suspicious/noExplicitAny: the socket is one of `ws`, which this package does not depend on
export type StateOfWebSocket = (socket: any, request: FastifyRequest) => unknown

/** What a route says about a reload: its `config.graceful`. */
export interface GracefulRouteOptions {
  /**
   * Whether the WebSockets of this route move to the next generation. `true`: they do, and the route keeps nothing of a
   * connection. A function: they do, together with what it returns, which `app.graceful.arrival(request)` returns
   * there; where it returns undefined or throws, or where that would not arrive whole, the WebSocket is closed with
   * 1012. `false`: they are closed with 1012. Default: what the option `websockets` of the plugin says.
   *
   * A route with any other value is refused with `GRACEFUL_ERR_INVALID_OPTION`.
   *
   * @example
   * move: (socket) => ({ count: counts.get(socket) })
   */
  move?: boolean | StateOfWebSocket
}

/** The consent of a route that its WebSockets move, and the function for their state. */
export interface Consent {
  readonly move: true | StateOfWebSocket
  /** Whether the route says so itself. The option cannot know what a library does behind a route. */
  readonly isExplicit: boolean
  readonly request: FastifyRequest
}

/** What `@fastify/websocket` adds to the options of a route. */
type WebSocketRoute = RouteOptions & { websocket?: boolean; wsHandler?: unknown }

/**
 * Checks what a new route says, and has `admit` asked before it answers an upgrade. Other routes cost nothing.
 *
 * @param admit - returns whether the upgrade may be answered
 * @throws {InvalidOptionError} naming the route
 */
export function watchRoute(route: RouteOptions, admit: (request: FastifyRequest) => boolean): void {
  checkRoute(route)
  const { websocket, wsHandler } = route as WebSocketRoute
  if (!websocket && wsHandler === undefined) return
  const before = [route.preHandler ?? []].flat()
  route.preHandler = [
    ...before,
    (request, reply, done) => {
      if (admit(request)) done()
      else reply.code(503).send()
    }
  ]
}

/** The consent of the route of a request; undefined: its WebSockets do not move. */
export function consentOf(request: FastifyRequest, isDefault: boolean): Consent | undefined {
  const move: unknown = request.routeOptions.config.graceful?.move
  if (move === undefined) return isDefault ? { move: true, isExplicit: false, request } : undefined
  if (move !== true && typeof move !== 'function') return undefined
  return { move: move as Consent['move'], isExplicit: true, request }
}

const KNOWN = ['move']

function checkRoute({ url, config }: RouteOptions): void {
  const said: unknown = config?.graceful
  if (said === undefined) return
  if (typeof said !== 'object' || said === null)
    throw new InvalidOptionError(`config.graceful of route ${url}`, 'an object with move', inspect(said))
  const unknown = Object.keys(said).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) throw unknownOption(`config.graceful.${unknown} of route ${url}`, unknown, KNOWN)
  const { move } = said as GracefulRouteOptions
  if (move !== undefined && typeof move !== 'boolean' && typeof move !== 'function')
    throw new InvalidOptionError(`config.graceful.move of route ${url}`, 'true, false or a function', inspect(move))
}

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/**
 * What `ws` 8 and `@fastify/websocket` 11 do not document and moving a WebSocket needs. Neither is a dependency:
 * nothing is imported from them, and what does not look as expected is not touched. Fallback of all: such a WebSocket
 * does not move, it is closed with 1012. `test/unit/internals/websocket.test.ts` fails on a version where one of these
 * no longer holds.
 */

/** What is used of `WebSocket` of `ws`, all of it documented: https://github.com/websockets/ws/blob/8.18.0/doc/ws.md */
export interface WebSocket {
  readonly readyState: number
  readonly protocol: string
  readonly extensions: string
  readonly bufferedAmount: number
  close(code: number, reason: string): void
  terminate(): void
}

/** `WebSocket.OPEN` */
const OPEN = 1

interface Internals {
  _socket?: unknown
  /**
   * lib/receiver.js. The state is GET_INFO between two frames; `_fragmented` is the opcode of a message half received.
   */
  _receiver?: { _state?: unknown; _bufferedBytes?: unknown; _fragmented?: unknown; writableLength?: unknown }
  /** lib/sender.js */
  _sender?: { _firstFragment?: unknown; _state?: unknown }
}

const GET_INFO = 0

/**
 * The WebSocket that `ws` has put upon a connection, whatever server made it. `ws` names the way from the WebSocket to
 * the connection only, and a server's `clients` only where somebody hands that server over.
 *
 * Returns undefined when there is none, or it is another library's.
 */
export function webSocketOn(socket: Socket): WebSocket | undefined {
  const webSocket = privately(socket, 'websocket') as (WebSocket & Internals) | undefined
  const isOurs = webSocket?._socket === socket && typeof webSocket.terminate === 'function'
  return isOurs && typeof webSocket.close === 'function' ? webSocket : undefined
}

/**
 * Whether `@fastify/websocket` has taken an upgrade, which it answers by running a route. What other servers on top of
 * `ws` do, such as Socket.IO, would not be done again by the same request.
 */
export function isRouted(request: IncomingMessage, socket: Socket): boolean {
  return privately(request, 'ws-socket') === socket
}

/** Whether a WebSocket is open without an extension, so that all its state lies between two frames again and again. */
export function isPlain(webSocket: WebSocket): boolean {
  return webSocket.readyState === OPEN && webSocket.extensions === ''
}

/** Whether nothing is half received or half sent, and nothing waits on either way. */
export function isBetweenFrames(webSocket: WebSocket, socket: Socket): boolean {
  const { _receiver: receiver, _sender: sender } = webSocket as WebSocket & Internals
  return (
    receiver?._state === GET_INFO &&
    receiver._bufferedBytes === 0 &&
    receiver._fragmented === 0 &&
    receiver.writableLength === 0 &&
    sender?._firstFragment === true &&
    // Not there in older ones, where only compression made a message wait.
    (sender._state ?? 0) === 0 &&
    webSocket.bufferedAmount === 0 && // What waits in the connection is part of it.
    socket.readableLength === 0
  )
}

function privately(holder: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(holder).find((symbol) => symbol.description === description)
  return symbol && (holder as Record<symbol, unknown>)[symbol]
}

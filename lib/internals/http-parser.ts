import { createServer } from 'node:http'
import type net from 'node:net'
import { Duplex } from 'node:stream'

/** The touches of Node's HTTP parser, src/node_http_parser.cc, that moving a connection needs. */

type Parser = Record<number, unknown> & { execute?(data: Buffer): unknown; finish?(): unknown }

/** `kOnMessageBegin` */
const MESSAGE_BEGIN = 0
/** `kOnHeaders`, `kOnHeadersComplete` and `kOnMessageComplete` */
const MESSAGE_CALLBACKS = [1, 2, 4]
/** No header: trailing ones would be flushed into the request to come. */
const MESSAGE = Buffer.from('GET / HTTP/1.1\r\n\r\n')

let isSeen: boolean | undefined
let isBetweenTold: boolean | undefined

/**
 * Makes a fresh connection count as one that waits for its next request. To Node it is one that owes its first request
 * since it was accepted, so that after `headersTimeout` (60 s) it would be answered 408; and Fastify's
 * `keepAliveTimeout` is longer (72 s). The state is inside the native parser, which leaves it only by a message's end
 * (`last_message_start_`): so it is shown one, with the callbacks that would make a request of it taken away.
 *
 * Returns whether it worked. Fallback: a connection that is idle for longer than `headersTimeout` is answered 408.
 */
export function markIdle(socket: net.Socket): boolean {
  const parser = parserOf(socket)
  if (typeof parser?.execute !== 'function') return false
  return hidden(parser, () => parser.execute?.(MESSAGE)) === MESSAGE.length
}

/**
 * Whether a connection is between two requests: no part of a request has come whose rest is missing.
 * `server.closeIdleConnections()` knows that too, but of all connections at once. So this makes the same call to the
 * parser as Node does when a connection ends: would that be in the middle of something (lib/_http_server.js,
 * socketOnEnd)? The call changes nothing.
 *
 * Fallback: undefined, where a try has shown that this Node does not answer; then the caller has to look at all
 * connections.
 */
export function isBetweenRequests(socket: net.Socket): boolean | undefined {
  const parser = parserOf(socket)
  return isTold() && typeof parser?.finish === 'function' ? !(parser.finish() instanceof Error) : undefined
}

/**
 * Calls back when the first byte of a request has been read, before anything is done about it. The event `request`
 * comes when the head of it is complete, which a client may take its time for; and a `data` listener would have Node
 * parse the connection in JavaScript from there on.
 *
 * Returns what ends it; undefined where it cannot be had. Fallback: see {@link canSeeRequests}.
 */
export function onRequestBegin(socket: net.Socket, begins: () => void): (() => void) | undefined {
  const parser = parserOf(socket)
  if (typeof parser?.execute !== 'function') return undefined
  parser[MESSAGE_BEGIN] = begins
  return () => {
    // A parser goes from one connection to the next.
    if (parser[MESSAGE_BEGIN] === begins) parser[MESSAGE_BEGIN] = null
  }
}

/**
 * Whether this Node reports the first byte of a request, tried once. Fallback: connections that were moved end with a
 * child that crashes.
 */
export function canSeeRequests(): boolean {
  isSeen ??= onNobodysConnection((socket) => {
    let seen = 0
    onRequestBegin(socket, () => {
      seen += 1
    })
    return markIdle(socket) && seen === 1
  })
  return isSeen
}

/**
 * Whether this Node tells what {@link isBetweenRequests} asks, tried once: of half a request, and of the same one when
 * it is whole.
 */
function isTold(): boolean {
  isBetweenTold ??= onNobodysConnection((socket) => {
    const parser = parserOf(socket) as Parser
    const half = MESSAGE.length / 2
    const isWithin = hidden(parser, () => {
      parser.execute?.(MESSAGE.subarray(0, half))
      const wasWithin = parser.finish?.() instanceof Error
      return wasWithin && parser.execute?.(MESSAGE.subarray(half)) === MESSAGE.length - half
    })
    return isWithin === true && parser.finish?.() === undefined
  })
  return isBetweenTold
}

/** Tries something on a connection that nobody is at the other end of. */
function onNobodysConnection(attempt: (socket: net.Socket) => boolean): boolean {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() }) as net.Socket
  // Node's own way for streams that are not its sockets: https://nodejs.org/api/http.html#event-connection
  createServer().emit('connection', socket)
  const isSuccess = attempt(socket)
  socket.destroy()
  return isSuccess
}

/** Shows a parser something of which it is not to make a request; undefined where that cannot be had. */
function hidden<T>(parser: Parser, show: () => T): T | undefined {
  const callbacks = MESSAGE_CALLBACKS.map((index) => parser[index])
  if (callbacks.some((callback) => typeof callback !== 'function')) return undefined
  for (const index of MESSAGE_CALLBACKS) parser[index] = undefined
  try {
    return show()
  } finally {
    for (const [at, index] of MESSAGE_CALLBACKS.entries()) parser[index] = callbacks[at]
  }
}

function parserOf(socket: net.Socket): Parser | undefined {
  return (socket as { parser?: Parser }).parser
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type net from 'node:net'

/**
 * The touches of undocumented Node that the connections of an HTTP/1.1 server need. Each has a fallback that only tells
 * less.
 */

interface HttpSocket {
  _httpMessage?: ServerResponse | null
  parser?: { incoming?: unknown } | null
  _parent?: net.Socket | null
}

/**
 * The response in progress on a connection. The public events report only requests that begin later, and a listener for
 * each request would cost time between two reloads.
 *
 * Fallback: undefined; such a response does not say `Connection: close`, and its connection is closed once it is idle.
 */
export function currentResponse(socket: net.Socket): ServerResponse | undefined {
  return (socket as unknown as HttpSocket)._httpMessage ?? undefined
}

/**
 * Whether the response is the last one that its connection owes: with pipelining, requests behind this one may have
 * been read already, and a response that says `Connection: close` would end the connection before theirs.
 */
export function isLastResponse(socket: net.Socket, response: ServerResponse): boolean {
  const parser = (socket as unknown as HttpSocket).parser
  return parser?.incoming === undefined || parser.incoming === null || parser.incoming === response.req
}

/** The TCP connection below a TLS connection. Fallback: undefined. */
export function connectionBelow(socket: net.Socket): net.Socket | undefined {
  return (socket as unknown as HttpSocket)._parent ?? undefined
}

/**
 * Says whether a response announces that its connection stays open. The documented way, a `Connection` header, is the
 * app's to set; this flag only decides what Node writes where the app has set none: lib/_http_outgoing.js,
 * `_storeHeader`.
 *
 * Fallback: none needed; a Node that ignores it writes what it would have written anyway.
 */
export function setKeepAlive(response: ServerResponse, keepAlive: boolean): void {
  response.shouldKeepAlive = keepAlive
}

/**
 * The connections that Node would close as idle. It knows them exactly and does not say; but it closes them on request,
 * and a socket can be asked to only make a note of that: https://nodejs.org/api/http.html#servercloseidleconnections
 *
 * `destroy` is public, that `closeIdleConnections` calls it and nothing else is not: lib/_http_server.js.
 * Fallback: an empty set, where it does something else; then no connection counts as idle.
 */
export function idleConnections(server: Server, open: Iterable<net.Socket>): Set<net.Socket> {
  const idle = new Set<net.Socket>()
  const sockets = [...open]
  for (const socket of sockets) {
    socket.destroy = () => {
      idle.add(socket)
      return socket
    }
  }
  try {
    methodOfClass(server).call(server)
  } finally {
    for (const socket of sockets) delete (socket as { destroy?: unknown }).destroy
  }
  return idle
}

/** A server may have one of its own that does nothing, as that of `@fastify/restartable` has until it closes. */
function methodOfClass(server: Server): Server['closeIdleConnections'] {
  return Object.getPrototypeOf(server).closeIdleConnections ?? server.closeIdleConnections
}

/**
 * A connection that is closed while bytes wait to be read is reset by the kernel, and the reset may destroy the answer
 * on its way (RFC 9112, section 9.6). So an answer to a request that has not come whole ends with our FIN first, and
 * the socket is closed when the client has closed, or after `limit` milliseconds.
 *
 * Node closes the connection of a last response by `destroySoon`, which it does not document: lib/_http_server.js,
 * resOnFinish. Fallback: where it closes in another way, the connection is closed at once, as without this plugin.
 */
export function lingerOnClose(socket: net.Socket, request: IncomingMessage, limit: number): void {
  socket.destroySoon = () => {
    delete (socket as { destroySoon?: unknown }).destroySoon
    if (request.complete || socket.destroyed) {
      socket.destroySoon()
      return
    }
    socket.end()
    const timer = setTimeout(() => socket.destroy(), limit)
    socket.once('end', () => socket.destroy())
    socket.once('close', () => clearTimeout(timer))
    socket.resume()
  }
}

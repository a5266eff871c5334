import net from 'node:net'
import type { ListeningHandle } from './listening-handle.js'

/**
 * The touches of undocumented Node that moving a connection needs. Each says why nothing public does, checks what it
 * touches, and has a fallback that leaves the connection where it is.
 */

/** The native connection behind a socket: `TCP` or `Pipe` of Node's `src/tcp_wrap.cc` and `src/pipe_wrap.cc`. */
export interface ConnectionHandle {
  readStart(): number
  readStop(): number
  close(callback?: () => void): void
  /** Whether the stream above wants to read: lib/internal/stream_base_commons.js and lib/net.js, tryReadStart. */
  reading?: boolean
  /** Whether a parser reads from it, past the stream: lib/_http_server.js, connectionListenerInternal. */
  _consumed?: boolean
}

interface SocketInternals {
  _handle?: (Partial<ConnectionHandle> & object) | null
}

/** What Node calls for each connection that the kernel has accepted: lib/net.js, onconnection. */
type Accept = (this: ListeningHandle, status: number, handle: ConnectionHandle) => void

interface Accepting {
  _handle?: (ListeningHandle & { onconnection?: Accept & { [DIVERTED]?: Accept } }) | null
}

/** On a function that diverts, the one in whose place it is. */
const DIVERTED = Symbol('diverted')

/**
 * The handle of a connection, to be sent to the other process. `subprocess.send(message, socket)` is the public way,
 * but it takes the socket apart before anyone knows whether it arrives, and `keepOpen` ties the server's `close` to the
 * child: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js (handleConversion, `net.Socket`).
 *
 * Fallback: undefined, for what has no such handle (TLS, a stream that the app gave to the server); it cannot move.
 */
export function connectionHandle(socket: net.Socket): ConnectionHandle | undefined {
  const handle = (socket as unknown as SocketInternals)._handle
  const name = handle?.constructor.name
  if (name !== 'TCP' && name !== 'Pipe') return undefined
  const complete = typeof handle?.readStart === 'function' && typeof handle.readStop === 'function'
  return complete && typeof handle.close === 'function' ? (handle as ConnectionHandle) : undefined
}

/**
 * Stops reading, at once and for certain: what the client sends from now on stays in the kernel and moves along.
 *
 * `socket.pause()` stops too, but anyone may resume: a handler that reads the body of a request it has already answered
 * does (lib/_http_incoming.js, readStart), and so does a `resume` still to come in the next tick. So the handle is
 * stopped, and its `readStart` shadowed.
 */
export function stopReading(handle: ConnectionHandle): void {
  handle.readStart = () => 0
  handle.readStop()
}

/** Takes {@link stopReading} back. */
export function readOn(handle: ConnectionHandle): void {
  delete (handle as Partial<ConnectionHandle>).readStart
  if (handle.reading !== false) handle.readStart()
}

/**
 * Takes the handle from its socket, which ends without it: the connection stays open, and nothing in this process reads
 * from it or writes to it any more. Node does the same with a socket that it sends to a child:
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js (handleConversion, `net.Socket`)
 *
 * Fallback: undefined; the socket is destroyed with this process's copy of the connection.
 */
export function keepHandle(socket: net.Socket): ConnectionHandle | undefined {
  const handle = connectionHandle(socket)
  if (handle !== undefined) {
    ;(socket as unknown as SocketInternals)._handle = null
    // As on a new handle: a socket made from it must read, and an HTTP server must let its parser read.
    delete (handle as Partial<ConnectionHandle>).readStart
    handle.reading = handle._consumed = false
  }
  socket.destroy()
  return handle
}

/**
 * Makes a received handle an accepted connection of a server, with all that belongs to one: the server's socket
 * options, its count of connections, `close` waiting for it. `server.emit('connection', socket)` is the public way and
 * gives none of these: https://nodejs.org/api/http.html#event-connection
 *
 * Returns undefined when the server dropped it: https://nodejs.org/api/net.html#event-drop. Fallback: the public way.
 */
export function acceptConnection(server: net.Server, handle: ConnectionHandle): net.Socket | undefined {
  let accepted: net.Socket | undefined
  const note = (socket: net.Socket): void => {
    accepted = socket
  }
  server.prependOnceListener('connection', note)
  try {
    const listening = (server as unknown as Accepting)._handle
    const accept = listening?.onconnection?.[DIVERTED] ?? listening?.onconnection
    if (listening && typeof accept === 'function') accept.call(listening, 0, handle)
    else server.emit('connection', new net.Socket({ handle, allowHalfOpen: true } as net.SocketConstructorOpts))
  } finally {
    server.removeListener('connection', note)
  }
  return accepted
}

/**
 * Calls back for each connection that the kernel accepts for a listening server, before the server sees it. A
 * connection that the callback diverts belongs to the callback. There is no call for connections from {@link
 * acceptConnection}. The server's `connection` event would come too late: by then a socket has been made of the handle,
 * and it reads. node:cluster does the same in its primary:
 * https://github.com/nodejs/node/blob/v24.0.0/lib/internal/cluster/round_robin_handle.js
 *
 * Fallback: nothing is diverted.
 */
export function divertConnections(server: net.Server, divert: (handle: ConnectionHandle) => boolean): void {
  const listening = (server as unknown as Accepting)._handle
  const accept = listening?.onconnection?.[DIVERTED] ?? listening?.onconnection
  if (!listening || typeof accept !== 'function') return
  const diverting: Accept = function (status, handle) {
    if (status !== 0 || !divert(handle)) accept.call(this, status, handle)
  }
  listening.onconnection = Object.assign(diverting, { [DIVERTED]: accept })
}

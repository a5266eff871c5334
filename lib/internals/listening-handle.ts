import net from 'node:net'

/**
 * Everything that Node does not document and this plugin still needs. Each function says why nothing public does,
 * checks what it touches, and either falls back or fails with an error that a reload turns into "nothing changed".
 * `test/unit/internals/listening-handle.test.ts` fails on a Node version where one of them no longer holds.
 */

/** The native listening socket behind a server: `TCP` or `Pipe` of Node's `src/tcp_wrap.cc` and `src/pipe_wrap.cc`. */
export interface ListeningHandle {
  readonly fd: number
  listen(backlog: number): number
  close(callback?: () => void): void
  hasRef?(): boolean
  unref?(): void
  onconnection?: unknown
}

interface ServerInternals {
  _handle?: ListeningHandle | null
  _pipeName?: string
}

/**
 * The file descriptor that a server listens on. There is no public name for it: `stdio` of `child_process.spawn` takes
 * a number or a stream, and a server is neither.
 *
 * Fallback: undefined; the caller refuses the reload.
 */
export function listeningFd(server: net.Server): number | undefined {
  const fd = internalsOf(server)._handle?.fd
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

/** The handle itself, to be sent to the other process, which then holds the same socket. */
export function listeningHandle(server: net.Server): ListeningHandle | undefined {
  return internalsOf(server)._handle ?? undefined
}

/**
 * Opens an inherited listening socket without accepting from it: `server.listen({ fd })` would accept at once, and what
 * it accepts while this process boots would be lost if the boot fails.
 *
 * `net.Socket` is the public way to open a file descriptor as a handle; the handle is then taken from it.
 *
 * @throws {Error} when the descriptor is no socket, or Node no longer works this way
 */
export function openDormant(fd: number): ListeningHandle {
  const socket = new net.Socket({ fd, readable: false, writable: false }) as unknown as ServerInternals
  const handle = socket._handle
  if (typeof handle?.listen !== 'function')
    throw new Error(`file descriptor ${fd} cannot be opened as a listening socket`)
  socket._handle = null
  return handle
}

/**
 * Binds a unix path and returns the socket as a handle that accepts nothing yet. Node binds a path before `listen`
 * returns.
 *
 * @param options - for `net.Server#listen`
 * @throws {Error} when the path cannot be bound, or Node no longer works this way
 */
export function bindPath(options: net.ListenOptions & { path: string }): ListeningHandle {
  const server = net.createServer()
  server.on('error', () => {}) // The event comes in the next tick; the missing handle shows the error now.
  server.listen(options)
  const internals = internalsOf(server)
  const handle = internals._handle
  if (!handle) throw new Error(`listen failed: ${options.path} cannot be bound`)
  internals._handle = null
  return handle
}

/**
 * Lets a `listen` call that has just begun end on a dormant handle: the server then counts as listening, has its
 * address and emits `listening`, but accepts nothing before {@link startAccepting}.
 *
 * Must be called from `tracing:net.server.listen:asyncStart`, after which `Server#listen` takes the way of `{ fd }`,
 * finds a handle in place and calls its `listen`, which is shadowed here.
 */
export function adoptDormant(server: net.Server, handle: ListeningHandle, pipeName?: string): void {
  handle.listen = () => 0
  const internals = internalsOf(server)
  internals._handle = handle
  // server.address() of a pipe answers with this name, and Fastify's listen cannot do without an address.
  if (pipeName !== undefined) internals._pipeName = pipeName
}

/**
 * Makes a `listen` call that has just begun do nothing: neither `listening` nor `error` is emitted, and the server can
 * listen again. It is the one way to do something asynchronous between an app's being ready and its first connection.
 *
 * Must be called from `tracing:net.server.listen:asyncStart`, with the call redirected to any `fd`: `Server#listen`
 * then finds a handle in place, and emits `listening` in the next tick only if there still is one.
 */
export function parkListen(server: net.Server): void {
  const internals = internalsOf(server)
  const stand = { fd: -1, listen: () => 0, close: () => {}, ref: () => {}, unref: () => {} }
  internals._handle = stand
  process.nextTick(() => {
    if (internals._handle === stand) internals._handle = null
  })
}

/**
 * The path that `server.address()` answers with, for a unix socket that was bound under another name.
 */
export function setPipeName(server: net.Server, path: string): void {
  internalsOf(server)._pipeName = path
}

/**
 * Begins to accept on the dormant handle of a server.
 *
 * @throws {Error} when the system refuses
 */
export function startAccepting(server: net.Server, backlog: number): void {
  const handle = internalsOf(server)._handle
  if (!handle) throw new Error('the server has been closed')
  if (Object.hasOwn(handle, 'listen')) delete (handle as { listen?: unknown }).listen
  const status = handle.listen(backlog)
  if (status !== 0) throw new Error(`listen failed with status ${status}`)
}

/**
 * Lets the system put no more clients into the queue of an accepting server while two or more wait in it. There is no
 * public name for it: `server.listen()` refuses a server that listens already. The system's call takes another backlog
 * at any time: https://man7.org/linux/man-pages/man2/listen.2.html
 *
 * Fallback: the queue stays as it is.
 */
export function shortenQueue(server: net.Server): void {
  internalsOf(server)._handle?.listen?.(1)
}

/**
 * Lets a server listen, and closes each connection at once, before the app sees it. `server.maxConnections = 0` does
 * the same only from Node 21 on: https://github.com/nodejs/node/blob/v20.19.0/lib/net.js (`onconnection`).
 */
export function refuseConnections(server: net.Server): void {
  const handle = internalsOf(server)._handle
  if (!handle) return
  handle.onconnection = (_status: number, client: { close(): void } | undefined) => client?.close()
}

/**
 * Ends accepting, and only that. The server gets a dormant duplicate of its own socket in place of the accepting one:
 * it still counts as listening and has its address, and can be woken with {@link startAccepting}.
 *
 * `server.close()` would do more than asked: `http.Server` sweeps idle connections and ends the checker of header and
 * request timeouts, and the `close` event makes Fastify close its server on the second loopback.
 */
export function swapListeningHandle(server: net.Server, dormant: ListeningHandle): void {
  const internals = internalsOf(server)
  const accepting = internals._handle
  if (!accepting) {
    dormant.close()
    return
  }
  dormant.onconnection = accepting.onconnection
  // The native side finds its server under this symbol: lib/internal/async_hooks.js, owner_symbol.
  for (const symbol of Object.getOwnPropertySymbols(accepting)) {
    if (symbol.description === 'owner_symbol') Object.assign(dormant, { [symbol]: server })
  }
  if (accepting.hasRef?.() === false) dormant.unref?.()
  internals._handle = dormant
  accepting.close()
}

/**
 * Closes the listening socket of a server and leaves everything else of it alone, for the reasons given at
 * {@link swapListeningHandle}. A later `server.close()` finds nothing to close and ends once its connections have.
 */
export function closeListeningHandle(server: net.Server): void {
  const internals = internalsOf(server)
  internals._handle?.close()
  internals._handle = null
}

function internalsOf(server: net.Server): ServerInternals {
  return server as unknown as ServerInternals
}

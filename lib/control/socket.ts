import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { swapListeningHandle } from '../internals/listening-handle.js'
import { bindAgain } from '../sockets/bind-again.js'
import { giveAccess } from '../sockets/socket-access.js'
import { lostFolder, TOO_LONG, UnixPath } from '../sockets/unix-path.js'
import { ControlConnection } from './connection.js'
import { BusyError, ControlSocketError } from './errors.js'
import type { ControlHandlers, ControlHttp } from './http.js'
import type { ControlPlace } from './place.js'
import { rawAnswer } from './raw-answer.js'

/** How many connections are answered at a time, and how many are accepted at all: those between get 503. */
const MOST_ANSWERED = 64
const MOST_CONNECTIONS = 256

/**
 * A unix socket at which the same user, and nobody else but a group that was let in, asks this process for its status,
 * for a reload or a stop. What comes from there, or does not come, does nothing to the process.
 */
export class ControlSocket {
  /** Does not keep the process alive. */
  readonly server: Server
  readonly #connections = new Set<ControlConnection>()
  readonly #handlers: ControlHandlers
  #http: ControlHttp | undefined
  #path: UnixPath | undefined

  constructor(handlers: ControlHandlers) {
    this.#handlers = handlers
    // A client may end its side when it has asked.
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
    this.server.maxConnections = MOST_CONNECTIONS
    this.server.unref()
  }

  /**
   * Listens, in a process whose listen calls are watched: there, every unix path survives reloads and replaces what a
   * crash has left.
   *
   * @throws {ControlSocketError}
   */
  async open({ path, mode, group }: ControlPlace): Promise<void> {
    try {
      await this.#listen(path)
      // The one of the parent is as it should be, unless the new code wants something else; or it has lost its path.
      giveAccess(path, mode, group)
    } catch (cause) {
      throw Object.assign(new ControlSocketError(path, reasonOf(cause as NodeJS.ErrnoException, path)), { cause })
    }
  }

  /**
   * Listens, in a process that does nothing else for its unix paths. {@link close} removes the path.
   *
   * @throws {ControlSocketError}
   */
  async openAlone({ path, mode, group }: ControlPlace): Promise<void> {
    const place = new UnixPath(path)
    try {
      if (place.tooLong !== undefined) throw place.tooLong
      const temporary = place.temporaryName()
      await this.#listen(temporary ?? path)
      giveAccess(temporary ?? path, mode, group)
      if (temporary !== undefined) place.install(temporary)
      this.#path = place
    } catch (cause) {
      this.server.close()
      throw Object.assign(new ControlSocketError(path, reasonOf(cause as NodeJS.ErrnoException, path)), { cause })
    }
  }

  /**
   * Binds the path again if somebody has removed it.
   *
   * @returns whether that was so
   * @throws {NotBoundError}
   */
  restorePath(): boolean {
    if (this.#path === undefined || this.#path.isInPlace) return false
    swapListeningHandle(this.server, bindAgain(this.#path))
    return true
  }

  /** The process leaves: a request that has come is answered, and one that still does not come is not waited for. */
  hurry(): void {
    for (const connection of this.#connections) connection.hurry()
  }

  /** Ends what {@link openAlone} began. */
  close(): void {
    this.#path?.remove()
    this.server.close()
    this.hurry()
  }

  #accept(socket: Socket): void {
    const connection = new ControlConnection(socket)
    socket.once('close', () => this.#connections.delete(connection))
    if (this.#connections.size >= MOST_ANSWERED)
      connection.refuse(rawAnswer(new BusyError(`there are ${MOST_ANSWERED} connections to its control socket`)))
    else this.#http?.accept(connection)
    this.#connections.add(connection)
  }

  /**
   * The umask makes it private from its first moment. Not stricter than this, as it is that of the whole process: what
   * the thread pool makes now can still be used by its owner.
   */
  async #listen(path: string): Promise<void> {
    // Not before it is needed: a launcher stays small. And not later: after a deploy, the file may be gone.
    const { ControlHttp } = require('./http.js') as typeof import('./http.js')
    this.#http = new ControlHttp(this.#handlers)
    const before = process.umask(0o077)
    try {
      this.server.listen({ path })
    } finally {
      process.umask(before)
    }
    await once(this.server, 'listening')
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (new UnixPath(path).tooLong !== undefined) return TOO_LONG
  if (code === 'EADDRINUSE') return 'another process serves there, or it is no socket'
  // libuv says EACCES where the system says ENOENT: https://github.com/libuv/libuv/blob/v1.x/src/unix/pipe.c
  return (code === 'EACCES' ? lostFolder(path) : undefined) ?? message
}

import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { swapListeningHandle } from '../internals/listening-handle.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { bindAgain } from '../sockets/bind-again.js'
import { giveAccess } from '../sockets/socket-access.js'
import { UnixPath } from '../sockets/unix-path.js'
import { BadRequestError, ControlSocketError } from './errors.js'
import {
  type ControlAnswer,
  decodeRequest,
  encodeControl,
  REQUEST_LIMIT,
  type StatusReport,
  toControlFailure
} from './messages.js'
import type { ControlPlace } from './place.js'

/** Who answers. What they throw, or reject with, is answered too. */
export interface ControlHandlers {
  status(): StatusReport | Promise<StatusReport>
  reload(reason: string): Promise<ReloadResult>
}

/** How long a request may take to come, and an answer to be read. Milliseconds. */
const REQUEST_TIME = 5000
/** The same for a process that leaves: a request that was sent before the listener went to the child is here by then. */
const LAST_REQUEST_TIME = 500
/** How long a client may take to close once it has its answer. Milliseconds. */
const LINGER = 1000

/**
 * A unix socket at which the same user, and nobody else but a group that was let in, asks this process for its status or for a reload. What comes from there,
 * or does not come, does nothing to the process.
 */
export class ControlSocket {
  /** Does not keep the process alive. */
  readonly server: Server
  readonly #exchanges = new Set<Exchange>()
  #path: UnixPath | undefined

  constructor(handlers: ControlHandlers) {
    // A client may end its side when it has asked.
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      const exchange = new Exchange(socket, handlers)
      this.#exchanges.add(exchange)
      socket.once('close', () => this.#exchanges.delete(exchange))
    })
    this.server.unref()
  }

  /**
   * Listens, in a process whose listen calls are watched: there, every unix path survives reloads and replaces what a crash has left.
   *
   * @throws {ControlSocketError}
   */
  async open({ path, mode, group }: ControlPlace): Promise<void> {
    try {
      await this.#listen(path)
      // The one of the parent is as it should be, unless the new code wants something else; or it has lost its path.
      giveAccess(path, mode, group)
    } catch (cause) {
      throw Object.assign(new ControlSocketError(path, reasonOf(cause as NodeJS.ErrnoException)), { cause })
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
      throw Object.assign(new ControlSocketError(path, reasonOf(cause as NodeJS.ErrnoException)), { cause })
    }
  }

  /**
   * Binds the path again if somebody has removed it.
   *
   * @returns whether that was so
   * @throws {PathTakenError} when somebody has put another file there
   */
  restorePath(): boolean {
    if (this.#path === undefined || this.#path.isInPlace) return false
    swapListeningHandle(this.server, bindAgain(this.#path))
    return true
  }

  /** The process leaves: a request that has come is answered, and one that still does not come is not waited for. */
  hurry(): void {
    for (const exchange of this.#exchanges) exchange.hurry()
  }

  /** Ends what {@link openAlone} began. */
  close(): void {
    this.#path?.remove()
    this.server.close()
    this.hurry()
  }

  /**
   * The umask makes it private from its first moment. Not stricter than this, as it is that of the whole process: what the thread pool
   * makes now can still be used by its owner.
   */
  async #listen(path: string): Promise<void> {
    const before = process.umask(0o077)
    try {
      this.server.listen({ path })
    } finally {
      process.umask(before)
    }
    await once(this.server, 'listening')
  }
}

/** One connection: a request, and its answer. */
class Exchange {
  readonly #socket: Socket
  readonly #handlers: ControlHandlers
  #state: 'asking' | 'waiting' | 'answered' = 'asking'
  #received: Buffer[] = []
  #timer: NodeJS.Timeout
  #mayLinger = true

  constructor(socket: Socket, handlers: ControlHandlers) {
    this.#socket = socket
    this.#handlers = handlers
    this.#timer = this.#limitTo(REQUEST_TIME)
    socket.on('error', () => {}) // It has gone; `close` follows.
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#ended())
    socket.on('close', () => clearTimeout(this.#timer))
  }

  hurry(): void {
    this.#mayLinger = false
    if (this.#socket.writableFinished) this.#socket.destroy()
    else if (this.#state === 'asking') this.#restart(LAST_REQUEST_TIME)
  }

  #restart(duration: number): void {
    clearTimeout(this.#timer)
    this.#timer = this.#limitTo(duration)
  }

  #limitTo(duration: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#state === 'answered') this.#socket.destroy()
      else this.#refuse(new BadRequestError(`no whole line came within ${duration} ms`))
    }, duration)
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== 'asking') return // More than one line was sent; the first one counts.
    const end = chunk.indexOf('\n')
    this.#received.push(end === -1 ? chunk : chunk.subarray(0, end))
    if (this.#received.reduce((sum, { length }) => sum + length, 0) > REQUEST_LIMIT)
      this.#refuse(new BadRequestError(`more than ${REQUEST_LIMIT} bytes came`))
    else if (end !== -1) void this.#answer()
  }

  /** The end of its side may stand for the end of the line. */
  #ended(): void {
    if (this.#state !== 'asking') return
    if (this.#received.length === 0) this.#socket.destroy()
    else void this.#answer()
  }

  async #answer(): Promise<void> {
    this.#state = 'waiting'
    clearTimeout(this.#timer)
    this.#socket.pause()
    try {
      const request = decodeRequest(Buffer.concat(this.#received.splice(0)).toString())
      if (request.command === 'status') this.#reply({ status: await this.#handlers.status() })
      else this.#reply({ reload: await this.#handlers.reload(request.reason) })
    } catch (error) {
      this.#refuse(error)
    }
  }

  #refuse(error: unknown): void {
    this.#reply({ error: toControlFailure(error) })
  }

  /** What still comes is read and forgotten: a socket that is closed with unread bytes may cost the other side its answer. */
  #reply(answer: ControlAnswer): void {
    this.#state = 'answered'
    this.#received = []
    if (this.#socket.destroyed) return
    this.#restart(REQUEST_TIME)
    this.#socket.resume()
    this.#socket.end(encodeControl(answer), () => {
      if (this.#socket.destroyed) return
      if (this.#mayLinger) this.#restart(LINGER)
      else this.#socket.destroy()
    })
  }
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  return cause.code === 'EADDRINUSE' ? 'another process serves there, or it is no socket' : cause.message
}

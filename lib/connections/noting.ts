import diagnosticsChannel from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { canSeeRequests, onRequestBegin } from '../internals/http-parser.js'
import { type Noted, RequestRegister } from './request-register.js'

/** A connection that was moved here. */
interface Brought {
  readonly id: number
  /** How many requests have begun on it, and how many have been answered. */
  begun: number
  answered: number
  stop(): void
}

/**
 * What is published when a response has been handed to the kernel: https://nodejs.org/api/diagnostics_channel.html#http
 */
interface Finish {
  readonly request: IncomingMessage
  readonly socket: Socket
}

/**
 * The connections that were moved here and of which the parent keeps a copy. If this process crashes, the idle ones
 * live on. So a request is noted before anything is done about it. And because the copy keeps a connection open that is
 * closed here without a FIN, this process tells the parent about each connection that ends.
 */
export class Noting {
  readonly #register: RequestRegister
  readonly #tell: (ids: number[]) => void
  readonly #noted = new Map<Socket, Brought>()
  #closed: number[] = []
  #isOn = true

  private constructor(register: RequestRegister, tell: (ids: number[]) => void) {
    this.#register = register
    this.#tell = tell
    diagnosticsChannel.subscribe('http.server.response.finish', this.#onFinish)
  }

  /**
   * Begins, if the parent has a register that can be had, and Node tells what is to be noted.
   *
   * @param tell - tells the parent which connections are closed, by their numbers
   */
  static begin(path: string | undefined, tell: (ids: number[]) => void): Noting | undefined {
    if (path === undefined || !canSeeRequests()) return undefined
    try {
      return new Noting(RequestRegister.open(path), tell)
    } catch {
      return undefined // The parent keeps no copy of what is not noted.
    }
  }

  /** Whether what is read from connections that come will be noted. */
  get isOn(): boolean {
    return this.#isOn
  }

  /**
   * A connection has been taken, and nothing has been read from it yet.
   *
   * @param socket - undefined: its server had no room for it
   */
  add(id: number, socket: Socket | undefined): void {
    if (socket === undefined || socket.destroyed || !this.#isOn) {
      this.#isClosed(id)
      return
    }
    // The first write reserves the place on the disk: once a request has begun, it would be too late to find the disk
    // full.
    this.#note(id, 'untouched')
    if (!this.#isOn) return
    const noted: Brought = { id, begun: 0, answered: 0, stop: () => {} }
    const stop = onRequestBegin(socket, () => this.#begins(noted))
    if (stop === undefined) this.#note(id, 'in progress')
    else noted.stop = stop
    this.#noted.set(socket, noted)
    socket.once('close', () => this.#forget(socket))
  }

  /** The number under which a connection came. */
  idOf(socket: Socket): number | undefined {
    return this.#noted.get(socket)?.id
  }

  /** The parent keeps no copies any more. */
  end(): void {
    if (!this.#isOn) return
    this.#isOn = false
    diagnosticsChannel.unsubscribe('http.server.response.finish', this.#onFinish)
    for (const { stop } of this.#noted.values()) stop()
    this.#noted.clear()
    this.#register.close()
  }

  #begins(noted: Brought): void {
    noted.begun += 1
    if (noted.begun === noted.answered + 1) this.#note(noted.id, 'in progress')
  }

  readonly #onFinish = (message: unknown): void => {
    const { request, socket } = message as Finish
    const noted = this.#noted.get(socket)
    if (noted === undefined) return
    noted.answered += 1
    if (request.complete) this.#rests(socket)
    // The rest of a request that was answered early is still to come.
    else request.once('end', () => this.#rests(socket))
  }

  #rests(socket: Socket): void {
    const noted = this.#noted.get(socket)
    if (noted !== undefined && noted.answered === noted.begun) this.#note(noted.id, 'answered')
  }

  /** If nothing can be noted any more, the parent must not keep copies either. */
  #note(id: number, what: Noted): void {
    if (!this.#isOn) return
    try {
      this.#register.note(id, what)
    } catch {
      for (const other of [id, ...[...this.#noted.values()].map((noted) => noted.id)]) this.#isClosed(other)
      this.end()
    }
  }

  #forget(socket: Socket): void {
    const noted = this.#noted.get(socket)
    if (noted === undefined) return
    noted.stop()
    this.#noted.delete(socket)
    this.#isClosed(noted.id)
  }

  /** Connections that end in one turn of the event loop are reported together. */
  #isClosed(id: number): void {
    this.#closed.push(id)
    if (this.#closed.length === 1) setImmediate(() => this.#tell(this.#closed.splice(0)))
  }
}

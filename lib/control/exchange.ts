import type { Socket } from 'node:net'
import type { ReloadResult } from '../reload/reload-result.js'
import { Deadline } from '../util/deadline.js'
import { BadRequestError } from './errors.js'
import {
  type ControlAnswer,
  decodeRequest,
  encodeControl,
  REQUEST_LIMIT,
  type StatusReport,
  toControlFailure
} from './messages.js'

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

/** One connection: a request, and its answer. */
export class Exchange {
  readonly #socket: Socket
  readonly #handlers: ControlHandlers
  #state: 'asking' | 'waiting' | 'answered' = 'asking'
  #received: Buffer[] = []
  /** After a stall of this process, what has come meanwhile is read first. */
  readonly #limit = new Deadline()
  #mayLinger = true

  constructor(socket: Socket, handlers: ControlHandlers) {
    this.#socket = socket
    this.#handlers = handlers
    this.#limitTo(REQUEST_TIME)
    socket.on('error', () => {}) // It has gone; `close` follows.
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#limit.clear())
  }

  hurry(): void {
    this.#mayLinger = false
    if (this.#socket.writableFinished) this.#socket.destroy()
    else if (this.#state === 'asking') this.#limitTo(LAST_REQUEST_TIME)
  }

  #limitTo(duration: number): void {
    this.#limit.set(duration, () => {
      if (this.#state === 'answered') this.#socket.destroy()
      else this.#refuse(new BadRequestError(`no whole line came within ${duration} ms`))
    })
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
    this.#limit.clear()
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
    this.#limitTo(REQUEST_TIME)
    this.#socket.resume()
    this.#socket.end(encodeControl(answer), () => {
      if (this.#socket.destroyed) return
      if (this.#mayLinger) this.#limitTo(LINGER)
      else this.#socket.destroy()
    })
  }
}

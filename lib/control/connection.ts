import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { Deadline } from '../util/deadline.js'
import { SlowRequestError } from './errors.js'
import { answerFormer, isFormer } from './former-protocol.js'
import { rawAnswer } from './raw-answer.js'

/** How long a request may take to come, and a whole answer to be read. Milliseconds. */
const REQUEST_TIME = 5000
/**
 * The same for a process that leaves: a request that was sent before the listener went to the child is here by then.
 */
const LAST_REQUEST_TIME = 500
/** How long a client may take to close once it has its answer and sends no more; and if it goes on. Milliseconds. */
const LINGER = 1000
const LONGEST_LINGER = 5000

/**
 * One connection to the control socket, for one request and its answer. HTTP is spoken on this stream instead of on the
 * socket, which so stays ours: who is slow has a limit, who ends its side is answered, what comes after the request is
 * dropped, and the socket is not closed with unread bytes in it, which could cost the client its answer.
 */
export class ControlConnection extends Duplex {
  readonly #socket: Socket
  #state: 'asking' | 'waiting' | 'answered' = 'asking'
  #hasBegun = false
  /** After a stall of this process, what has come meanwhile is read first. */
  readonly #limit = new Deadline()
  #mayLinger = true
  /**
   * Until when what still comes is waited for, on the clock of `performance.now()`; undefined while the answer is on
   * its way.
   */
  #lingersUntil: number | undefined

  constructor(socket: Socket) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    this.#limitTo(REQUEST_TIME)
    this.on('error', () => {})
    socket.on('error', () => {}) // It has gone; `close` follows.
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A client may end its side when it has asked.
    socket.on('end', () => this.#state === 'asking' && this.push(null))
    socket.on('close', () => {
      this.#limit.clear()
      this.destroy()
    })
  }

  /**
   * The whole request is here. What still comes is read and forgotten.
   *
   * @returns whether it is to be answered: what came with it may have been refused
   */
  heard(): boolean {
    if (this.#state !== 'asking') return false
    this.#state = 'waiting'
    this.#limit.clear()
    this.#socket.resume()
    return true
  }

  /** The whole answer has been written, and is to be read in time. */
  told(): void {
    if (this.#state !== 'answered' && !this.#socket.destroyed) this.#limitTo(REQUEST_TIME)
  }

  /** Answers in place of HTTP, unless that is about to answer. */
  refuse(answer: string): void {
    if (this.#state !== 'asking') return
    this.#end(answer)
    this.destroy()
  }

  /** The process leaves: a request that has come is answered, and one that still does not come is not waited for. */
  hurry(): void {
    this.#mayLinger = false
    if (this.#socket.writableFinished) this.#socket.destroy()
    else if (this.#state === 'asking') this.#limitTo(LAST_REQUEST_TIME)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#socket.write(chunk, () => done()) // If the client has gone, `close` reports it.
  }

  override _final(done: () => void): void {
    this.#end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#state !== 'answered') this.#socket.destroy()
    done(error)
  }

  #limitTo(duration: number): void {
    this.#limit.set(duration, () => {
      if (this.#state === 'asking') this.refuse(rawAnswer(new SlowRequestError(duration)))
      else this.#socket.destroy()
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== 'asking') {
      this.#linger()
      return
    }
    const isFirst = !this.#hasBegun
    this.#hasBegun = true
    if (isFirst && isFormer(chunk)) this.refuse(answerFormer())
    else if (!this.push(chunk)) this.#socket.pause()
  }

  #linger(): void {
    if (this.#lingersUntil === undefined || !this.#mayLinger) return
    this.#limitTo(Math.min(LINGER, Math.max(this.#lingersUntil - performance.now(), 0)))
  }

  #end(answer?: string): void {
    if (this.#state === 'answered') return
    this.#state = 'answered'
    this.#limitTo(REQUEST_TIME)
    this.#socket.resume()
    const sent = () => {
      if (this.#socket.destroyed) return
      this.#lingersUntil = performance.now() + LONGEST_LINGER
      if (this.#mayLinger) this.#linger()
      else this.#socket.destroy()
    }
    if (answer === undefined) this.#socket.end(sent)
    else this.#socket.end(answer, sent)
  }
}

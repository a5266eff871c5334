import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http'
import type { Socket } from 'node:net'
import { Deadline } from '../util/deadline.js'
import { BadAnswerError, ConnectionLostError, NoAnswerError, NotOverError } from './errors.js'
import { formerVersionOf, otherVersion } from './former-protocol.js'
import { excerpt, parseObject } from './json.js'
import { CONTROL_VERSION } from './messages.js'
import { reach } from './reach.js'
import { VERSION_HEADER } from './requests.js'

/** What a client requests of a process. */
export interface Question {
  method: 'GET' | 'POST'
  path: string
  body?: object
  /** What is to be added to the message when the answer stays away. */
  unknown?: string
  /** What goes on after the first line of the answer, and ends with the last one. */
  work?: string
}

/** How long to wait. Milliseconds. */
export interface Patience {
  /** For the whole answer; undefined: for as long as something comes. */
  total?: number | undefined
  /** For the next line of it. */
  silence: number
  /** Until somebody ends the wait: then it is as if the connection were lost. */
  end?: AbortSignal | undefined
}

type OnLine = (line: Record<string, unknown>) => void

/** How long a line of an answer may be. Characters. */
const LINE_LIMIT = 4 * 1024 * 1024

/**
 * Asks the process at a control socket.
 *
 * @param onLine - called with each line of the answer; most answers have one
 * @returns the last line
 * @throws {UnreachableError | ConnectionLostError | NoAnswerError | NotOverError | BadAnswerError |
 *   ControlVersionError}
 */
export async function ask<T extends object>(
  path: string,
  question: Question,
  patience: Patience,
  onLine: (line: T) => void = () => {}
): Promise<T> {
  const { total, silence, end } = patience
  const limit = total ?? silence
  const socket = await reach(path, AbortSignal.timeout(limit), () => new NoAnswerError(path, limit, ''))
  const exchange = new Asked(path, question, patience, socket, (line) => onLine(line as T))
  const giveUp = () => exchange.end()
  end?.addEventListener('abort', giveUp)
  if (end?.aborted) giveUp()
  try {
    return (await exchange.answer) as T
  } finally {
    end?.removeEventListener('abort', giveUp)
    exchange.end()
  }
}

/** A request that waits for its answer. */
class Asked {
  readonly answer: Promise<Record<string, unknown>>
  readonly #path: string
  readonly #unknown: string
  readonly #work: string | undefined
  readonly #onLine: OnLine
  readonly #socket: Socket
  readonly #total = new Deadline()
  readonly #silence = new Deadline()
  readonly #patience: Patience
  /** What came first, as it was: what is no HTTP is shown. */
  #begin = ''
  #rest = ''
  #last: Record<string, unknown> | undefined
  #reject!: (error: Error) => void
  #resolve!: (answer: Record<string, unknown>) => void

  constructor(path: string, question: Question, patience: Patience, socket: Socket, onLine: OnLine) {
    const { unknown = '', work } = question
    this.#path = path
    this.#unknown = unknown
    this.#work = work
    this.#onLine = onLine
    this.#socket = socket
    this.#patience = patience
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { total } = patience
    if (total !== undefined) this.#total.set(total, () => this.#reject(this.#lateBy(total)))
    this.#send(question)
    this.#heard()
  }

  /** A process that has begun to answer still works on the request. */
  #lateBy(limit: number): Error {
    return this.#work === undefined || this.#last === undefined
      ? new NoAnswerError(this.#path, limit, this.#unknown)
      : new NotOverError(this.#work, limit)
  }

  end(): void {
    this.#total.clear()
    this.#silence.clear()
    this.#socket.destroy()
  }

  #send({ method, path, body }: Question): void {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      [VERSION_HEADER]: String(CONTROL_VERSION),
      connection: 'close',
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    }
    const createConnection = () => this.#socket
    const asked: ClientRequest = startRequest({ method, path, headers, createConnection, host: 'localhost' })
    asked.on('socket', () => this.#socket.prependListener('data', (chunk: Buffer) => this.#note(chunk)))
    asked.on('response', (response) => this.#read(response))
    asked.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    asked.end(text)
  }

  #note(chunk: Buffer): void {
    if (this.#begin.length < 1024) this.#begin += chunk.toString('latin1', 0, 1024)
  }

  #heard(): void {
    const { silence } = this.#patience
    this.#silence.set(silence, () => this.#reject(new NoAnswerError(this.#path, silence, this.#unknown)))
  }

  #failed({ code }: NodeJS.ErrnoException): void {
    const isNoHttp = code?.startsWith('HPE_') === true && code !== 'HPE_INVALID_EOF_STATE'
    const version = isNoHttp ? formerVersionOf(this.#begin) : undefined
    if (version !== undefined) this.#reject(otherVersion(this.#path, version))
    else if (isNoHttp) this.#reject(new BadAnswerError(this.#path, excerpt(this.#begin)))
    else this.#reject(new ConnectionLostError(this.#path, this.#unknown))
  }

  #read(response: IncomingMessage): void {
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      this.#heard()
      const [first = '', ...lines] = text.split('\n')
      const whole = [this.#rest + first, ...lines]
      this.#rest = whole.pop() ?? ''
      if (this.#rest.length > LINE_LIMIT)
        this.#reject(new BadAnswerError(this.#path, `a line of more than ${LINE_LIMIT} characters`))
      for (const line of whole) this.#take(line)
    })
    response.on('error', (error) => this.#failed(error))
    response.on('end', () => {
      if (this.#rest !== '') this.#take(this.#rest)
      if (this.#last === undefined) this.#reject(new BadAnswerError(this.#path, excerpt(this.#begin)))
      else this.#resolve(this.#last)
    })
  }

  #take(line: string): void {
    const answer = parseObject(line)
    const version = answer?.version
    if (answer === undefined || typeof version !== 'number') this.#reject(new BadAnswerError(this.#path, excerpt(line)))
    else if (version !== CONTROL_VERSION) this.#reject(otherVersion(this.#path, version))
    else {
      this.#last = answer
      this.#onLine(answer)
    }
  }
}

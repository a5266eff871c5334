import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { ClientFailure, Exchange } from './exchange.js'
import { formatRequest, type Request, type Response, type ResponseHead, ResponseReader } from './http.js'

/** Where a server listens, and how TLS is spoken there, if it is. */
export type Target = ({ host: string; port: number } | { path: string }) & {
  tls?: Pick<ConnectionOptions, 'rejectUnauthorized'>
}

/** How a connection ended: by which side, or by which error. */
export type Ending = 'by the client' | 'by the server' | 'reset'

/** A request whose body the test controls. */
export interface Upload extends Exchange {
  /** Sends a chunk of the body. */
  write(chunk: string): void
  /** Ends the body. */
  finish(): Promise<Response>
}

/** One HTTP/1.1 connection, written by hand: nothing is retried, pooled or hidden. */
export class HttpConnection {
  /** Whether a response said `Connection: close`. */
  announced = false
  /** Whether either side has ended the connection. */
  isClosed = false
  /** Resolves with how the connection ended. */
  readonly closed: Promise<Ending>
  /** Responses without a request, e.g. a 408. */
  readonly unsolicited: Response[] = []
  readonly #socket: Socket
  #waiting: Exchange[] = []
  #ending: Ending = 'by the server'
  #error: Error | undefined
  #reader = new ResponseReader(
    (head) => this.#receive(head),
    (response) => this.#complete(response)
  )

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(this.#close())))
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', (err) => {
      this.#error = err
      this.#ending = 'reset'
    })
  }

  /**
   * Connects.
   *
   * @throws {ClientFailure} of kind `connect`
   */
  static open(target: Target): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(target)
      const refuse = (err: Error) => reject(new ClientFailure('connect', err.message))
      socket.once('error', refuse)
      socket.once(target.tls === undefined ? 'connect' : 'secureConnect', () => {
        socket.off('error', refuse)
        resolve(new HttpConnection(socket.setNoDelay()))
      })
    })
  }

  /** The port of the client. A server tells connections apart by it. Undefined on a unix socket. */
  get localPort(): number | undefined {
    return this.#socket.localPort
  }

  /** Sends a request and waits for its response. */
  async request(request: Request): Promise<Response> {
    return this.send(request).response
  }

  /** Sends a request. */
  send(request: Request): Exchange {
    const [exchange] = this.pipeline([request])
    return exchange as Exchange
  }

  /** Sends requests in one write. */
  pipeline(requests: Request[]): Exchange[] {
    const exchanges = requests.map((request) =>
      this.#expect(new Exchange(`${request.method ?? 'GET'} ${request.path}`))
    )
    this.#write(requests.map((request) => formatRequest(request)).join(''))
    return exchanges
  }

  /** Sends the head of a request with a chunked body, which the test writes and finishes. */
  upload(path: string, headers: Record<string, string> = {}): Upload {
    const exchange = this.#expect(new Exchange(`POST ${path}`))
    const all = { 'content-type': 'application/octet-stream', ...headers }
    this.#write(formatRequest({ method: 'POST', path, headers: all }, true))
    const write = (chunk: string) => this.#write(`${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`)
    const finish = () => {
      this.#write('0\r\n\r\n')
      return exchange.response
    }
    return Object.assign(exchange, { write, finish })
  }

  /** Sends the first bytes of a request; the test writes the others. */
  begin(bytes: string): Exchange {
    const exchange = this.#expect(new Exchange(JSON.stringify(bytes)))
    this.#write(bytes)
    return exchange
  }

  /** Sends bytes as they are, e.g. half a request. */
  write(bytes: string): void {
    this.#write(bytes)
  }

  /** Ends this direction of the connection; answers are still read. */
  endWriting(): void {
    this.#ending = 'by the client'
    this.#socket.end()
  }

  /** Reads no more, so that the server cannot write beyond what the system buffers. */
  pause(): void {
    this.#socket.pause()
  }

  /** Reads again. */
  resume(): void {
    this.#socket.resume()
  }

  /** Ends the connection from this side, at once. */
  close(): void {
    if (!this.isClosed) this.#ending = 'by the client'
    this.#socket.destroy()
  }

  #expect(exchange: Exchange): Exchange {
    this.#waiting.push(exchange)
    return exchange
  }

  #write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text)
    else this.#failAll(`the connection had been closed ${this.#ending}`)
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.push(bytes)
    } catch (err) {
      for (const exchange of this.#waiting.splice(0)) exchange.fail('not HTTP', (err as Error).message)
      this.close()
    }
  }

  #receive(head: ResponseHead): void {
    if (head.headers.connection?.toLowerCase() === 'close') this.announced = true
    this.#waiting[0]?.begin(head)
  }

  #complete(response: Response): void {
    const exchange = this.#waiting.shift()
    if (exchange === undefined) this.unsolicited.push(response)
    else exchange.complete(response)
  }

  #close(): Ending {
    this.isClosed = true
    this.#failAll(`${this.#error?.message ?? `closed ${this.#ending}`}, after ${JSON.stringify(this.#reader.rest)}`)
    return this.#ending
  }

  #failAll(message: string): void {
    const kind = this.#ending === 'reset' ? 'reset' : 'premature close'
    for (const exchange of this.#waiting.splice(0)) exchange.fail(kind, message)
  }
}

/** Begins to connect. */
export function openSocket(target: Target, options: { allowHalfOpen?: boolean } = {}): Socket {
  const { tls, ...place } = target
  return tls === undefined ? connect({ ...place, ...options }) : connectTls({ ...place, ...options, ...tls })
}

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import WebSocket, { type ClientOptions } from 'ws'
import type { Target } from './connection.js'

/** How a WebSocket ended: the code of the close frame, 1006 if there was none. */
export interface Closing {
  code: number
  reason: string
}

/** One WebSocket that loses nothing: it keeps messages until the test reads them. */
export class WebSocketClient {
  /** The messages so far. */
  readonly messages: string[] = []
  readonly closed: Promise<Closing>
  isClosed = false
  readonly socket: WebSocket
  #next: Array<() => void> = []

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      this.messages.push(String(data))
      this.#wake()
    })
    socket.on('error', () => {})
    // Not `once` of node:events, which fails when an error comes first.
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.isClosed = true
        this.#wake()
        resolve({ code, reason: String(reason) })
      })
    })
  }

  /** Connects, without compression unless the options say so. */
  static async open(
    target: Target,
    path: string,
    { protocols = [], ...options }: ClientOptions & { protocols?: string[] } = {}
  ): Promise<WebSocketClient> {
    const { tls } = target
    const url =
      'path' in target
        ? `ws+unix:${target.path}:${path}`
        : `${tls ? 'wss' : 'ws'}://${hostOf(target)}:${target.port}${path}`
    const client = new WebSocketClient(new WebSocket(url, protocols, { perMessageDeflate: false, ...tls, ...options }))
    await once(client.socket, 'open')
    return client
  }

  /** Sends a message and waits for the next one from the server. */
  async ask(message: string): Promise<string> {
    const at = this.messages.length
    this.socket.send(message)
    return this.message(at)
  }

  /** Waits for the message with this index. */
  async message(index: number): Promise<string> {
    await this.until(() => this.messages.length > index)
    return this.messages[index] as string
  }

  /** Waits until something is true, which is looked at with each message. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.isClosed) throw new Error(`the WebSocket was closed after ${this.messages.length} messages`)
      await new Promise<void>((resolve) => this.#next.push(resolve))
    }
  }

  /** Says goodbye and waits for the server's. */
  async close(): Promise<Closing> {
    this.socket.close(1000)
    return this.closed
  }

  #wake(): void {
    for (const resolve of this.#next.splice(0)) resolve()
  }
}

/** An IPv6 address stands in brackets: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 */
function hostOf({ host }: { host: string }): string {
  return host.includes(':') ? `[${host}]` : host
}

/** A client that sends numbers without pause, a few at a time, and expects each one back, in order. */
export class CountingClient {
  /** What came back and was not the next number. */
  readonly wrong: string[] = []
  readonly client: WebSocketClient
  received = 0
  /** The generation that answered last. */
  generation = 0
  readonly #size: number
  #sent = 0
  #isOver = false

  constructor(client: WebSocketClient, { window = 3, pause = 2, size = 0 } = {}) {
    this.client = client
    this.#size = size
    client.socket.removeAllListeners('message')
    client.socket.on('message', (data) => {
      this.#receive(String(data))
      // The pace of the client, not a wait for the server.
      if (this.#sent - this.received <= 0 && !this.#isOver) setTimeout(() => this.#send(window), pause)
      for (const check of this.#checks) check()
    })
    this.#send(window)
  }

  readonly #checks = new Set<() => void>()

  /** Waits until this generation has answered. */
  async reached(generation: number): Promise<void> {
    await this.#until(() => this.generation >= generation)
  }

  /** Waits until the latest answer comes from this generation. It may be an earlier one that serves again. */
  async isAt(generation: number): Promise<void> {
    await this.#until(() => this.generation === generation)
  }

  /** Sends no more, and waits for what is still to come. */
  async finish(): Promise<void> {
    this.#isOver = true
    await this.#until(() => this.received >= this.#sent)
  }

  async #until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return
    let check: () => void = () => {}
    const reached = new Promise<void>((resolve) => {
      check = () => isTrue() && resolve()
      this.#checks.add(check)
    })
    const closed = this.client.closed.then(({ code }) => {
      throw new Error(`closed with ${code} after ${this.received} of ${this.#sent} answers`)
    })
    await Promise.race([reached, closed])
    closed.catch(() => {})
    this.#checks.delete(check)
  }

  #send(count: number): void {
    if (this.#isOver || this.client.isClosed) return
    for (let each = 0; each < count; each++) this.client.socket.send(`${++this.#sent}${' '.repeat(this.#size)}`)
  }

  #receive(text: string): void {
    const [generation, number] = text.split(' ', 2).map(Number)
    this.received += 1
    this.generation = generation ?? 0
    const isWhole = text.length === `${generation} ${number}`.length + this.#size
    if (number !== this.received || !isWhole) this.wrong.push(`${text.slice(0, 20)} in place of ${this.received}`)
  }
}

/** The connection below a WebSocket: the test writes frames, or halves of them, and reads what comes. */
export class RawWebSocket {
  readonly socket: Socket
  #received = Buffer.alloc(0)

  private constructor(socket: Socket, head: Buffer) {
    this.socket = socket
    this.#received = Buffer.from(head)
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
    })
    socket.on('error', () => {})
  }

  static open(target: Target, path: string): Promise<RawWebSocket> {
    const where = 'path' in target ? { socketPath: target.path } : target
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64')
    }
    return new Promise((resolve, reject) => {
      const upgrade = request({ ...where, path, headers })
      upgrade.on('upgrade', (_response, socket, head) => resolve(new RawWebSocket(socket as Socket, head)))
      upgrade.on('error', reject)
      upgrade.end()
    })
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** The next frame of the server, of at most 125 bytes. */
  async frame(): Promise<{ opcode: number; payload: Buffer }> {
    const size = () => (this.#received.length < 2 ? Number.POSITIVE_INFINITY : 2 + (this.#received[1] as number))
    while (this.#received.length < size()) {
      if (this.socket.readableEnded) throw new Error('the connection has ended')
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'end')])
    }
    const frame = this.#received.subarray(0, size())
    this.#received = this.#received.subarray(size())
    return { opcode: (frame[0] as number) & 15, payload: frame.subarray(2) }
  }

  /** The next frame of the server, as text. */
  async text(): Promise<string> {
    return (await this.frame()).payload.toString()
  }
}

/** A masked frame of a client: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
export function clientFrame(payload: string, { opcode = 1, fin = true } = {}): Buffer {
  const bytes = Buffer.from(payload)
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes])
}

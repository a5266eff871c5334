import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { openSocket, type Target } from './connection.js'
import { deferred } from './deferred.js'
import { within } from './limit.js'

/** https://www.rfc-editor.org/rfc/rfc9113#section-6 */
const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const PING = 6
const GOAWAY = 7
const ACK = 1
const END_STREAM = 1
const END_HEADERS = 4

interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** How a stream ended. */
export interface StreamEnd {
  body: string
  /** The code of a RST_STREAM, if there was one. */
  reset?: number
}

/** One HTTP/2 connection, written frame by frame: the test says when it does what, and sees every GOAWAY. */
export class FrameConnection {
  /** The last streams that the GOAWAYs so far have named. */
  readonly goaways: number[] = []
  /** Resolves when the server has ended the connection. This side stays open until {@link close}. */
  readonly ended: Promise<void>
  /** Whether PINGs are answered. When this is set again, the unanswered ones are answered. */
  #answersPings = true
  readonly #socket: Socket
  readonly #scheme: 'http' | 'https'
  readonly #streams = new Map<number, { body: string; end: ReturnType<typeof deferred<StreamEnd>> }>()
  readonly #unanswered: Buffer[] = []
  readonly #watchers = new Set<() => void>()
  #bytes = Buffer.alloc(0)
  #pings = 0

  private constructor(socket: Socket, scheme: 'http' | 'https') {
    this.#socket = socket
    this.#scheme = scheme
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve)
      socket.once('close', () => resolve())
    })
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.ended.then(() => {
      for (const { end } of this.#streams.values()) end.reject(new Error('the connection was ended'))
    })
  }

  /** Connects and says what every client says first. At the end of the test the connection is closed from this side. */
  static async open(t: Test, target: Target): Promise<FrameConnection> {
    const tls = target.tls && { ...target.tls, ALPNProtocols: ['h2'] }
    // Half open, so that only the test ends it from this side.
    const socket = openSocket(tls === undefined ? target : { ...target, tls }, { allowHalfOpen: true })
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve)
        socket.once('error', reject)
      }),
      'connection'
    )
    t.teardown(() => socket.destroy())
    const connection = new FrameConnection(socket, tls === undefined ? 'http' : 'https')
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    connection.#write(SETTINGS, 0, 0)
    return connection
  }

  /** Begins a stream that asks GET. Its number must be odd and higher than all before. */
  begin(stream: number, path: string): void {
    const end = deferred<StreamEnd>()
    end.promise.catch(() => {})
    this.#streams.set(stream, { body: '', end })
    this.#write(HEADERS, END_STREAM | END_HEADERS, stream, this.#get(path))
  }

  /** Waits for the end of a stream. */
  end(stream: number): Promise<StreamEnd> {
    const found = this.#streams.get(stream)
    if (found === undefined) throw new Error(`stream ${stream} was not begun`)
    return within(found.end.promise, `end of stream ${stream}`)
  }

  /** Waits until so many GOAWAYs have come. */
  goaway(count: number): Promise<void> {
    return this.#until(() => this.goaways.length >= count, `GOAWAY ${count}`)
  }

  /** Waits until so many PINGs have come. */
  pinged(count: number): Promise<void> {
    return this.#until(() => this.#pings >= count, `PING ${count}`)
  }

  /** Leaves all further PINGs unanswered. */
  withholdPings(): void {
    this.#answersPings = false
  }

  /** Answers the PINGs that were left unanswered, and all further ones. */
  answerPings(): void {
    this.#answersPings = true
    for (const payload of this.#unanswered.splice(0)) this.#write(PING, ACK, 0, payload)
  }

  /** Ends the connection from this side. */
  close(): void {
    this.#socket.destroy()
  }

  /** HPACK without compression: https://www.rfc-editor.org/rfc/rfc7541#appendix-A */
  #get(path: string): Buffer {
    const literal = (index: number, value: string) => [index, value.length, ...Buffer.from(value)]
    const scheme = this.#scheme === 'http' ? 0x86 : 0x87
    return Buffer.from([0x82, scheme, ...literal(4, path), ...literal(1, 'fixture')])
  }

  #write(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): void {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    if (this.#socket.writable) this.#socket.write(Buffer.concat([head, payload]))
  }

  #read(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 9) {
      const end = 9 + this.#bytes.readUIntBE(0, 3)
      if (this.#bytes.length < end) break
      const [type, flags, stream] = [this.#bytes.readUInt8(3), this.#bytes.readUInt8(4), this.#bytes.readUInt32BE(5)]
      this.#take({ type, flags, stream, payload: this.#bytes.subarray(9, end) })
      this.#bytes = this.#bytes.subarray(end)
    }
    for (const check of [...this.#watchers]) check()
  }

  #take({ type, flags, stream, payload }: Frame): void {
    if (type === SETTINGS && (flags & ACK) === 0) this.#write(SETTINGS, ACK, 0)
    if (type === GOAWAY) this.goaways.push(payload.readUInt32BE(0))
    if (type === PING && (flags & ACK) === 0) this.#ping(payload)
    const found = this.#streams.get(stream)
    if (found === undefined) return
    if (type === DATA) found.body += payload.toString()
    if (type === RST_STREAM) found.end.resolve({ body: found.body, reset: payload.readUInt32BE(0) })
    else if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) found.end.resolve({ body: found.body })
  }

  #ping(payload: Buffer): void {
    this.#pings += 1
    if (this.#answersPings) this.#write(PING, ACK, 0, payload)
    else this.#unanswered.push(Buffer.from(payload))
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return
    let check = () => {}
    const happened = new Promise<void>((resolve) => {
      check = () => isTrue() && resolve()
      this.#watchers.add(check)
    })
    try {
      await within(happened, what)
    } finally {
      this.#watchers.delete(check)
    }
  }
}

import { once } from 'node:events'
import { connect } from 'node:net'

/** How long a response may take. Milliseconds. */
const RESPONSE_LIMIT = 20_000

/** One TCP connection on which a client speaks HTTP/1.1. Written by hand, so that no library retries a request. */
export class Connection {
  /** Whether the server has said `Connection: close`. */
  announced = false
  closed = false
  #socket
  #received = ''
  #waiting

  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  constructor(socket) {
    this.#socket = socket.setEncoding('latin1')
    socket.on('data', (text) => this.#read(text))
    socket.on('error', (error) => this.#end(error))
    socket.on('end', () => this.#end(new Error('closed by the server')))
    socket.on('close', () => this.#end(new Error('closed')))
  }

  /** Called when the server, and not the client, has ended the connection. */
  onClosed = () => {}

  /** Sends a request, given in pieces, and waits for the whole response. */
  async request(pieces) {
    const response = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    response.catch(() => {}) // It may reject while pieces are still sent. It is awaited below.
    const timer = setTimeout(() => this.#end(new Error(`no response within ${RESPONSE_LIMIT} ms`)), RESPONSE_LIMIT)
    try {
      for await (const piece of pieces) if (!this.closed) this.#socket.write(piece)
      return await response
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes from the client's side. */
  close() {
    this.closed = true
    this.#socket.destroy()
  }

  #read(text) {
    this.#received += text
    const response = parseResponse(this.#received)
    if (response === undefined || this.#waiting === undefined) return
    this.#received = ''
    this.announced = response.headers.connection === 'close'
    this.#waiting.resolve(response)
    this.#waiting = undefined
  }

  #end(error) {
    if (this.closed) return
    this.close()
    this.onClosed()
    this.#waiting?.reject(error)
  }
}

/** A complete response, or undefined as long as something is missing. */
function parseResponse(text) {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine, ...lines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(lines.map(parseHeader))
  const rest = text.slice(end + 4)
  const body =
    headers['transfer-encoding'] === 'chunked' ? parseChunks(rest) : takeBytes(rest, Number(headers['content-length']))
  return body === undefined ? undefined : { status: Number(statusLine.split(' ')[1]), headers, body }
}

function parseHeader(line) {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function takeBytes(text, length) {
  return text.length < length ? undefined : text.slice(0, length)
}

function parseChunks(text) {
  let body = ''
  let at = 0
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return undefined
    const size = Number.parseInt(text.slice(at, end), 16)
    if (text.length < end + 2 + size + 2) return undefined
    if (size === 0) return body
    body += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}

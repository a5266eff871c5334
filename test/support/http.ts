/** What is known of a response as soon as its head has arrived. */
export interface ResponseHead {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
}

/** A complete response. */
export interface Response extends ResponseHead {
  body: string
}

/** What a client asks. */
export interface Request {
  /** Default: GET. */
  method?: string
  path: string
  headers?: Record<string, string>
  body?: string
}

/** Writes a request as it goes over the wire; with a body of known length, or chunked when `chunked` is set. */
export function formatRequest({ method = 'GET', path, headers = {}, body }: Request, chunked = false): string {
  const all: Record<string, string> = { host: 'fixture', ...headers }
  if (chunked) all['transfer-encoding'] = 'chunked'
  if (body !== undefined) all['content-length'] = String(Buffer.byteLength(body))
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Reads responses, one after the other, from the bytes of one connection. */
export class ResponseReader {
  #text = ''
  #head: ResponseHead | undefined
  #onHead: (head: ResponseHead) => void
  #onResponse: (response: Response) => void

  constructor(onHead: (head: ResponseHead) => void, onResponse: (response: Response) => void) {
    this.#onHead = onHead
    this.#onResponse = onResponse
  }

  /** What has arrived of a response that is not complete. */
  get rest(): string {
    const { status } = this.#head ?? {}
    return status === undefined ? this.#text : `${status} with ${JSON.stringify(this.#text)}`
  }

  /** Takes bytes of the connection. */
  push(bytes: Buffer): void {
    this.#text += bytes.toString('latin1')
    while (this.#readHead() && this.#readBody()) {
      // Each turn has read one whole response.
    }
  }

  #readHead(): boolean {
    if (this.#head !== undefined) return true
    const end = this.#text.indexOf('\r\n\r\n')
    if (end === -1) return false
    const [first = '', ...lines] = this.#text.slice(0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? Number.NaN)
    if (Number.isNaN(status)) throw new Error(`no response: ${JSON.stringify(this.#text)}`)
    this.#text = this.#text.slice(end + 4)
    this.#head = { status, headers: Object.fromEntries(lines.map(parseHeader)) }
    this.#onHead(this.#head)
    return true
  }

  #readBody(): boolean {
    const head = this.#head
    if (head === undefined) return false
    const { headers } = head
    const found = headers['transfer-encoding'] === 'chunked' ? chunkedBody(this.#text) : sizedBody(this.#text, headers)
    if (found === undefined) return false
    this.#text = this.#text.slice(found.length)
    this.#head = undefined
    this.#onResponse({ ...head, body: Buffer.from(found.body, 'latin1').toString() })
    return true
  }
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function sizedBody(text: string, headers: Record<string, string>): { body: string; length: number } | undefined {
  const length = Number(headers['content-length'] ?? 0)
  return text.length >= length ? { body: text.slice(0, length), length } : undefined
}

function chunkedBody(text: string): { body: string; length: number } | undefined {
  let body = ''
  let position = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', position)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(position, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (text.length < next) return undefined
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    position = next
    if (size === 0) return { body, length: position }
  }
}

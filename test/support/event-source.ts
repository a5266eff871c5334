import { get } from 'node:http'

/** One event of a stream. */
export interface StreamEvent {
  id: string
  data: string
}

/**
 * A client of server-sent events, as browsers have it: when the stream ends it connects again after `retry`, and names
 * the last event that it has seen. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventSourceClient {
  readonly events: StreamEvent[] = []
  /** Connections that were refused, got another answer, or broke. There must be none. */
  readonly failures: string[] = []
  /** How many streams came to a proper end. */
  ended = 0
  readonly #url: string
  #retry = 3000
  #lastId = ''
  #text = ''
  #close: (() => void) | undefined
  #checks = new Set<() => void>()

  constructor(url: string) {
    this.#url = url
    this.#connect()
  }

  /** Waits for an event for which this is true, past or future. */
  async event(isMeant: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    for (;;) {
      const found = this.events.find(isMeant)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#checks.add(resolve))
    }
  }

  close(): void {
    this.#close?.()
  }

  #connect(): void {
    const headers = this.#lastId === '' ? {} : { 'last-event-id': this.#lastId }
    const request = get(this.#url, { headers, agent: false }, (response) => {
      if (response.statusCode !== 200) this.failures.push(`status ${response.statusCode}`)
      response.setEncoding('utf8').on('data', (text) => this.#read(text))
      response.on('end', () => this.#reconnect())
      response.on('error', (err) => this.failures.push(err.message))
    })
    request.on('error', (err) => this.failures.push(err.message))
    this.#close = () => {
      request.removeAllListeners('error').on('error', () => {})
      request.destroy()
      this.#close = undefined
    }
  }

  #reconnect(): void {
    this.ended += 1
    this.#text = ''
    if (this.#close === undefined) return
    const timer = setTimeout(() => this.#connect(), this.#retry)
    this.#close = () => clearTimeout(timer)
  }

  #read(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks)
      this.#take(new Map(block.split('\n').map((line) => line.split(': ', 2) as [string, string])))
    for (const resolve of this.#checks) resolve()
    this.#checks.clear()
  }

  #take(fields: ReadonlyMap<string, string>): void {
    if (fields.has('retry')) this.#retry = Number(fields.get('retry'))
    this.#lastId = fields.get('id') ?? this.#lastId
    const data = fields.get('data')
    if (data !== undefined) this.events.push({ id: this.#lastId, data })
  }
}

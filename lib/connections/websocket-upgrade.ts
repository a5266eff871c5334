/**
 * The request that made a WebSocket of a connection and what was agreed on then: enough to make the same request again.
 */
export interface Upgrade {
  method: string
  url: string
  httpVersion: string
  /** Names and values in turn: https://nodejs.org/api/http.html#messagerawheaders */
  rawHeaders: string[]
  /** The subprotocol in the answer to the client; empty: none. */
  protocol: string
  /** Whether the route hands a state along with its WebSockets: the next handler needs it. */
  hasState: boolean
}

/** What a route hands along with a WebSocket that moves. */
export interface Arrival {
  /** As the route returned it; undefined from a route that keeps nothing of a connection. */
  readonly state: unknown
}

/**
 * Whether a connection that another protocol has taken over can go to another process.
 *
 * - `ready`: now; nothing is half received or half sent.
 * - `busy`: perhaps in a moment.
 * - `pinned`: when the app lets go of it.
 * - `never`: its route does not say that it may, it is compressed, closing, or not a WebSocket that this plugin knows
 *   how to continue.
 */
export type Mobility = 'ready' | 'busy' | 'pinned' | 'never'

/**
 * The request again, as bytes. Without the offer of extensions: both sides had agreed on none, and the client would not
 * learn of a new one.
 */
export function formatUpgrade({ method, url, httpVersion, rawHeaders }: Upgrade): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.toLowerCase() !== 'sec-websocket-extensions') lines.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  // Node decodes what it receives in this way: https://nodejs.org/api/http.html#messageheaders
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** Whether an answer says the same as the one that the client got to its own request. */
export function isSameAnswer(answer: string, { protocol }: Upgrade): boolean {
  if (!/^HTTP\/1\.1 101 /.test(answer) || !answer.endsWith('\r\n\r\n')) return false
  const field = (name: string) => new RegExp(`^${name}: *(.*?) *\r$`, 'im').exec(answer)?.[1] ?? ''
  return field('sec-websocket-protocol') === protocol && field('sec-websocket-extensions') === ''
}

/** Whether the request has a body, which the one that is made again would lack. */
export function hasBody(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some((name, index) => index % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name))
}

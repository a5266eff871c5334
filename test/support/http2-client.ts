import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { type Client, checkEcho, checkHome, echo } from './clients.js'
import type { Target } from './connection.js'
import { ClientFailure } from './exchange.js'
import type { Request, Response } from './http.js'
import { within } from './limit.js'

/**
 * A client with one HTTP/2 session at a time, Node's own. May be asked many times at once. It asks again, on a new
 * session, only what was certainly not begun: https://www.rfc-editor.org/rfc/rfc9113#section-8.7
 */
export class Http2Client implements Client {
  readonly name = 'http2'
  /** Sessions that ended without a GOAWAY before. */
  connectionsClosed = 0
  /** How often a request had to be asked again. */
  refused = 0
  /** How many sessions it took. */
  sessionsOpened = 0
  readonly #target: Target
  #session: ClientHttp2Session | undefined
  #asked = 0
  #closing = false

  constructor(target: Target) {
    this.#target = target
  }

  async ask(): Promise<number[]> {
    this.#asked += 1
    if (this.#asked % 2 === 1) return [checkHome(await this.request({ path: '/' }))]
    const request = echo(`body ${this.#asked}`)
    return [checkEcho(await this.request(request), request)]
  }

  close(): void {
    this.#closing = true
    this.#session?.destroy()
  }

  /** Waits until the session that the server has told to go is over. */
  async ended(): Promise<void> {
    const session = this.#session
    if (session !== undefined && !session.destroyed) await within(once(session, 'close'), 'end of the session')
  }

  /**
   * Asks, again and again until it is not refused.
   *
   * @throws {ClientFailure}
   */
  async request(request: Request): Promise<Response> {
    for (;;) {
      const response = await this.#tryOnce(request)
      if (response !== 'refused') return response
      this.refused += 1
    }
  }

  #tryOnce({ method = 'GET', path, headers = {}, body }: Request): Promise<Response | 'refused'> {
    return new Promise((resolve, reject) => {
      const stream = this.#connected().request({ ':method': method, ':path': path, ...headers })
      const response: Response = { status: 0, headers: {}, body: '' }
      let error: Error | undefined
      stream.setEncoding('utf8')
      stream.on('response', ({ ':status': status = 0, ...rest }) => {
        response.status = status
        response.headers = rest as Record<string, string>
      })
      stream.on('data', (text: string) => {
        response.body += text
      })
      stream.on('error', (err) => {
        error = err
      })
      stream.on('close', () => {
        if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve('refused')
        else if (error !== undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
          reject(new ClientFailure('reset', `${method} ${path}: ${error?.message ?? stream.rstCode}`))
        else if (response.status === 0) reject(new ClientFailure('premature close', `${method} ${path}`))
        else resolve(response)
      })
      stream.end(body)
    })
  }

  #connected(): ClientHttp2Session {
    const open = this.#session
    if (open !== undefined && !open.closed && !open.destroyed) return open
    const { tls, ...place } = this.#target
    const authority = 'port' in place ? `${place.host}:${place.port}` : 'localhost'
    const options = 'port' in place ? { ...tls } : { ...tls, path: place.path }
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${authority}`, options)
    this.#follow(session)
    return session
  }

  #follow(session: ClientHttp2Session): void {
    this.#session = session
    this.sessionsOpened += 1
    let announced = false
    session.on('goaway', () => {
      announced = true
    })
    session.on('error', () => {}) // Each of its streams fails too.
    session.on('close', () => {
      if (!announced && !this.#closing) this.connectionsClosed += 1
    })
  }
}

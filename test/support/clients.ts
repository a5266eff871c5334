import { HttpConnection, type Target } from './connection.js'
import { ClientFailure } from './exchange.js'
import type { Request, Response } from './http.js'

/** A client that can be made part of a load. */
export interface Client {
  readonly name: string
  /** Connections that ended without a request in progress, and without a `Connection: close` before. */
  readonly connectionsClosed: number
  /** Asks once; returns the generations that answered. Rejects with a {@link ClientFailure}. */
  ask(): Promise<number[]>
  /** Ends what is open. */
  close(): void
}

/** A client that opens a new connection for each request. May be asked many times at once. */
export class FreshClient implements Client {
  readonly name = 'fresh connections'
  readonly connectionsClosed = 0
  #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  async ask(): Promise<number[]> {
    const connection = await HttpConnection.open(this.#target)
    try {
      return [checkHome(await connection.request({ path: '/' }))]
    } finally {
      connection.close()
    }
  }

  close(): void {}
}

/**
 * A client that keeps its connection, asks GET and POST in turn, and reconnects only after an announced close or a
 * failure.
 */
export class KeepAliveClient implements Client {
  readonly name = 'keep-alive'
  connectionsClosed = 0
  /** How many connections it took. */
  connectionsOpened = 0
  #target: Target
  #connection: HttpConnection | undefined
  #asked = 0

  constructor(target: Target) {
    this.#target = target
  }

  async ask(): Promise<number[]> {
    const connection = await this.#connected()
    this.#asked += 1
    if (this.#asked % 2 === 1) return [checkHome(await connection.request({ path: '/' }))]
    const request = echo(`body ${this.#asked}`)
    return [checkEcho(await connection.request(request), request)]
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  async #connected(): Promise<HttpConnection> {
    const open = this.#connection
    if (open !== undefined && !open.isClosed && !open.announced) return open
    open?.close()
    const connection = await HttpConnection.open(this.#target)
    this.#connection = connection
    this.connectionsOpened += 1
    connection.closed.then((ending) => {
      if (ending !== 'by the client' && !connection.announced) this.connectionsClosed += 1
    })
    return connection
  }
}

/**
 * A client that sends several requests in one write, on a new connection each time, and expects the answers in order.
 */
export class PipeliningClient implements Client {
  readonly name = 'pipelining'
  readonly connectionsClosed = 0
  #target: Target
  #depth: number

  constructor(target: Target, depth = 4) {
    this.#target = target
    this.#depth = depth
  }

  async ask(): Promise<number[]> {
    const connection = await HttpConnection.open(this.#target)
    try {
      const requests = Array.from({ length: this.#depth }, (_, index) => echo(`pipelined ${index}`))
      const exchanges = connection.pipeline(requests)
      const responses = await Promise.all(exchanges.map((exchange) => exchange.response))
      return responses.map((response, index) => checkEcho(response, requests[index] as Request))
    } finally {
      connection.close()
    }
  }

  close(): void {}
}

/** A request whose answer is its own body. */
export function echo(body: string): Request {
  return { method: 'POST', path: '/echo', headers: { 'content-type': 'text/plain' }, body }
}

/**
 * Checks the answer of a route that tells who answered; returns the generation.
 *
 * @throws {ClientFailure}
 */
export function checkHome(response: Response): number {
  checkStatus(response)
  const { generation } = parseBody(response) as { generation?: unknown }
  if (typeof generation === 'number') return generation
  throw new ClientFailure('body', response.body)
}

/**
 * Checks the answer of the echo route; returns the generation.
 *
 * @throws {ClientFailure}
 */
export function checkEcho(response: Response, request: Request): number {
  checkStatus(response)
  if (response.body !== request.body) throw new ClientFailure('body', `${response.body} in place of ${request.body}`)
  return Number(response.headers['x-generation'])
}

function checkStatus(response: Response): void {
  if (response.status !== 200) throw new ClientFailure('status', `${response.status} ${response.body}`)
}

function parseBody(response: Response): unknown {
  try {
    return JSON.parse(response.body)
  } catch (err) {
    throw new ClientFailure('body', `${(err as Error).message}: ${response.body}`)
  }
}

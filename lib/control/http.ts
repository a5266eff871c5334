import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { expose, METRICS_TYPE } from '../metrics/exposition.js'
import { familiesOf } from '../metrics/families.js'
import type { MetricsReport } from '../metrics/report.js'
import type { WorkerCount } from '../protocol/worker-count.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ControlConnection } from './connection.js'
import { BadMethodError, BadRequestError, BusyError, LongRequestError, UnknownPathError } from './errors.js'
import { toControlFailure } from './failure.js'
import { healthOf } from './health.js'
import { excerpt } from './json.js'
import { encodeAnswer } from './messages.js'
import { ownVersion } from './own-version.js'
import type { First } from './progress-news.js'
import { type ProgressSource, ProgressStream, type ReloadSource } from './progress-stream.js'
import { rawAnswer } from './raw-answer.js'
import type { CheckPosition, ProcessStatus, ScalePosition, ScaleResult, StatusReport } from './reports.js'
import {
  methodsOf,
  REQUESTS,
  type RequestName,
  reasonIn,
  requestNameOf,
  VERSION_HEADER,
  workersIn
} from './requests.js'

/** What a service says of itself, whatever process answers. */
export type ServiceReport = Omit<StatusReport, 'plugin' | 'node'>

/** Who answers. What they throw, or reject with, is answered too. */
export interface ControlHandlers extends ReloadSource {
  status(): ServiceReport | Promise<ServiceReport>
  metrics(): MetricsReport | Promise<MetricsReport>
  /** The server of each worker, without waiting for any other process. */
  workers(): ProcessStatus[] | Promise<ProcessStatus[]>
  check(reason: string): Promise<CheckResult>
  /** How far the check in progress is. */
  checkInProgress(): CheckPosition | undefined | Promise<CheckPosition | undefined>
  /** Begins to stop, if that has not begun. Returns the pid of the process that ends last. */
  stop(reason: string): number
  /**
   * Changes the number of workers.
   *
   * @throws {NoWorkersError}
   */
  scale(wanted: WorkerCount, reason: string): ScaleInProgress
}

/** A change of the number of workers. */
export interface ScaleInProgress {
  readonly outcome: Promise<ScaleResult>
  /** How far it is by now; undefined when it is over. */
  position(): ScalePosition | undefined
}

/** How long the head of a request may be, and its body. Bytes. */
const HEAD_LIMIT = 16 * 1024
const BODY_LIMIT = 16 * 1024

/**
 * How many clients may wait for a reload or a check, which takes long: half of all, so that there is room for
 * questions.
 */
const MOST_WAITING = 32

/** The reason of a request that gives none. */
const REASON = 'control socket'

const JSON_TYPE = 'application/json; charset=utf-8'
const LINES_TYPE = 'application/x-ndjson; charset=utf-8'

/** What is spoken on the control socket: HTTP, by a server that never listens itself and is handed each connection. */
export class ControlHttp {
  readonly #handlers: ControlHandlers
  readonly #versions = { plugin: ownVersion(), node: process.version }
  // A client that can connect may send every request. No browser can connect to a unix socket, so Host and Origin say
  // nothing.
  readonly #server = createServer({ maxHeaderSize: HEAD_LIMIT, requireHostHeader: false, insecureHTTPParser: false })

  #waiting = 0

  constructor(handlers: ControlHandlers) {
    this.#handlers = handlers
    // Of several on one connection, the first counts.
    this.#server.maxRequestsPerSocket = 1
    this.#server.on('request', (request, response) => void this.#answer(request, response))
    this.#server.on('clientError', (error, stream) => (stream as ControlConnection).refuse(rawAnswer(describe(error))))
    this.#server.on('connect', ({ method = '', url = '' }: IncomingMessage, stream: Duplex) => {
      try {
        requestNameOf(method, url, undefined)
      } catch (error) {
        ;(stream as ControlConnection).refuse(rawAnswer(error, moreOf(error), allowOf(error, url)))
      }
    })
  }

  accept(connection: ControlConnection): void {
    // https://nodejs.org/api/http.html#event-connection: "can also be explicitly emitted by users to inject
    // connections"
    this.#server.emit('connection', connection)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = request.socket as unknown as ControlConnection
    const { method = '', url = '' } = request
    try {
      const name = requestNameOf(method, url, String(request.headers[VERSION_HEADER] ?? '') || undefined)
      const body = method === 'POST' ? await bodyOf(request) : new Uint8Array()
      const asked = name === 'workers' ? workersIn(body, REASON) : { reason: reasonIn(body, REASON) }
      if (!connection.heard()) return
      if ('wanted' in asked) await this.#scale(asked.wanted, asked.reason, response)
      else await this.#fulfil(name, asked.reason, response)
    } catch (error) {
      connection.heard()
      fail(error, url, response)
    }
    connection.told()
  }

  async #fulfil(name: RequestName, reason: string, response: ServerResponse): Promise<void> {
    const handlers = this.#handlers
    if (name === 'status') return send(response, 200, { ...this.#versions, ...(await handlers.status()) })
    if (name === 'metrics') {
      const families = familiesOf(await handlers.metrics(), this.#versions)
      return sendText(response, 200, METRICS_TYPE, expose(families))
    }
    if (name === 'stop') return send(response, 202, { stopping: { pid: handlers.stop(reason), reason } })
    if (name === 'reload') return this.#reload(reason, response)
    if (name === 'check') return this.#check(reason, response)
    const health = healthOf({ workers: await handlers.workers() })
    send(response, health.healthy ? 200 : 503, health)
  }

  async #reload(reason: string, response: ServerResponse): Promise<void> {
    this.#makeRoom()
    const former = this.#handlers.reloadId()
    const first = { step: 'waiting', reason } as const
    await this.#follow(this.#handlers, first, former, this.#handlers.reload(reason), response)
  }

  async #check(reason: string, response: ServerResponse): Promise<void> {
    this.#makeRoom()
    const { checkInProgress, onChange } = this.#handlers
    const source: ProgressSource = { reloadId: () => undefined, inProgress: checkInProgress, onChange }
    const first = { step: 'preparing', reason } as const
    await this.#follow(source, first, undefined, this.#handlers.check(reason), response)
  }

  async #scale(wanted: WorkerCount, reason: string, response: ServerResponse): Promise<void> {
    this.#makeRoom()
    const { outcome, position } = this.#handlers.scale(wanted, reason)
    const source: ProgressSource = {
      reloadId: () => undefined,
      inProgress: position,
      onChange: (callback) => this.#handlers.onChange(callback)
    }
    await this.#follow(source, undefined, undefined, outcome, response)
  }

  /** @throws {BusyError} */
  #makeRoom(): void {
    if (this.#waiting >= MOST_WAITING)
      throw new BusyError(`${MOST_WAITING} clients wait for a reload, a check or another number of workers`)
  }

  /** What is refused before it has begun is answered with a status of its own. */
  async #follow(
    source: ProgressSource,
    first: First | undefined,
    former: unknown,
    outcome: Promise<object>,
    response: ServerResponse
  ): Promise<void> {
    outcome.catch(() => {}) // Read below.
    await Promise.race([outcome, new Promise(setImmediate)])
    if (response.destroyed) return
    this.#waiting += 1
    response.once('close', () => {
      this.#waiting -= 1
    })
    response.writeHead(200, headers(LINES_TYPE))
    await new ProgressStream(source, first, former, response).end(outcome)
  }
}

function headers(type: string) {
  return { 'content-type': type, 'cache-control': 'no-store', connection: 'close' }
}

function send(response: ServerResponse, statusCode: number, answer: object): void {
  sendText(response, statusCode, JSON_TYPE, encodeAnswer(answer))
}

function sendText(response: ServerResponse, statusCode: number, type: string, body: string): void {
  response.writeHead(statusCode, { ...headers(type), 'content-length': Buffer.byteLength(body) }).end(body)
}

function fail(error: unknown, url: string, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return
  const failure = toControlFailure(error)
  for (const [name, value] of Object.entries(allowOf(error, url))) response.setHeader(name, value)
  send(response, failure.statusCode ?? 500, { error: failure, ...moreOf(error) })
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6: "must generate an Allow header field" */
function allowOf(error: unknown, url: string): { allow?: string } {
  return error instanceof BadMethodError ? { allow: methodsOf(url).join(', ') } : {}
}

/** For a client that used a path or method that does not exist: the requests that do. */
function moreOf(error: unknown): { requests?: readonly string[] } {
  return error instanceof BadMethodError || error instanceof UnknownPathError ? { requests: REQUESTS } : {}
}

/** @throws {LongRequestError} */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const tooLong = () => new LongRequestError(`its body has more than ${BODY_LIMIT} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) throw tooLong()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > BODY_LIMIT) reject(tooLong())
      else chunks.push(chunk)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () =>
      reject(new BadRequestError('the client ended the connection before the end of the request'))
    )
  })
}

/** What is wrong with what is no HTTP. https://nodejs.org/api/http.html#event-clienterror */
function describe(error: Error & { code?: string; rawPacket?: Buffer }): Error {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return Object.assign(new LongRequestError(`its head has more than ${HEAD_LIMIT} bytes`), { statusCode: 431 })
  if (error.rawPacket === undefined)
    return new BadRequestError('the client ended the connection in the middle of the request')
  return new BadRequestError(`expected HTTP, received ${excerpt(error.rawPacket.toString('latin1'))}`)
}

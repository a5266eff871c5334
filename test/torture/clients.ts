import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { checkEcho, checkHome, echo } from '../support/clients.js'
import { HttpConnection, type Target } from '../support/connection.js'
import { ClientFailure } from '../support/exchange.js'
import { within } from '../support/limit.js'
import { WebSocketClient } from '../support/websocket.js'

/** What went wrong for a client. Times are on the clock of `performance.now()`. */
export interface Failure {
  readonly client: string
  readonly message: string
  /** Of its connection; undefined: it had none. */
  readonly port: number | undefined
  /** When the client last heard something on this connection. */
  readonly since: number
  readonly at: number
}

type Turn = (connection: HttpConnection) => Promise<unknown>

/** Milliseconds. */
const SLOW = 250

const TURNS: Readonly<Record<string, Turn>> = {
  home: async (connection) => checkHome(await connection.request({ path: '/' })),
  echo: async (connection) => {
    const request = echo('the same body')
    return checkEcho(await connection.request(request), request)
  },
  slow: async (connection) => {
    const response = await connection.request({ path: `/slow/${SLOW}` })
    return checkEcho(response, { path: '', body: `begun by ${response.headers['x-generation']}` })
  },
  upload: async (connection) => {
    const upload = connection.upload('/upload', { 'content-type': 'application/x-chunks' })
    for (let chunk = 0; chunk < 5; chunk++) {
      upload.write('chunk')
      await new Promise((resolve) => setTimeout(resolve, SLOW / 5))
    }
    return checkHome(await upload.finish())
  }
}

/**
 * Clients of several kinds, who keep their connections. None of them tries a request again: each failure counts. After
 * one, and after a connection that was told to close, a client opens another connection.
 */
export class Clients {
  readonly failures: Failure[] = []
  requests = 0
  readonly #target: Target
  readonly #over = new AbortController()
  readonly #running: Promise<unknown>

  constructor(target: Target) {
    this.#target = target
    setMaxListeners(0, this.#over.signal)
    const http = (name: string, pause: number, turns = Number.POSITIVE_INFINITY) =>
      this.#repeat(() => this.#askOverHttp(name, pause, turns))
    this.#running = Promise.all([
      ...[10, 15, 20].map((pause) => http('home', pause)),
      ...[10, 15].map((pause) => http('echo', pause)),
      http('home', 40, 1),
      ...[http('slow', 10), http('slow', 10), http('upload', 10)],
      ...[1, 2].map(() => this.#repeat(() => this.#askOverWebSocket()))
    ])
  }

  /** Lets the requests in progress finish, and closes the connections. */
  async stop(): Promise<void> {
    this.#over.abort()
    await this.#running
  }

  async #repeat(use: () => Promise<void>): Promise<void> {
    while (!this.#over.signal.aborted) await use()
  }

  async #askOverHttp(name: string, pause: number, turns: number): Promise<void> {
    let since = performance.now()
    let connection: HttpConnection | undefined
    let port: number | undefined
    try {
      connection = await HttpConnection.open(this.#target)
      port = connection.localPort
      const ask = TURNS[name] as Turn
      for (let turn = 0; turn < turns && !connection.announced && !this.#over.signal.aborted; turn++) {
        if (connection.isClosed) throw new ClientFailure('premature close', 'closed while idle')
        await ask(connection)
        this.requests += 1
        since = performance.now()
        await this.#pause(pause)
      }
    } catch (error) {
      await this.#fail(turns === 1 ? 'fresh' : name, error, port, since)
    }
    connection?.close()
  }

  async #askOverWebSocket(): Promise<void> {
    let since = performance.now()
    let client: WebSocketClient | undefined
    let port: number | undefined
    try {
      client = await WebSocketClient.open(this.#target, '/ws')
      // What `ws` does not document.
      port = (client.socket as unknown as { _socket: Socket })._socket.localPort
      for (let turn = 0; !this.#over.signal.aborted; turn++) {
        const answer = await within(client.ask(String(turn)), 'answer on a WebSocket')
        if (!answer.endsWith(` ${turn}`)) throw new ClientFailure('body', `${answer} in place of ${turn}`)
        this.requests += 1
        since = performance.now()
        await this.#pause(20)
      }
    } catch (error) {
      // A close frame says goodbye, as `Connection: close` does.
      const isAnnounced = client?.isClosed && (await client.closed).code !== 1006
      if (!isAnnounced) await this.#fail('websocket', error, port, since)
    }
    client?.socket.terminate()
  }

  /** After this, a client does not connect again at once. */
  async #fail(client: string, error: unknown, port: number | undefined, since: number): Promise<void> {
    this.failures.push({ client, message: (error as Error).message, port, since, at: performance.now() })
    await this.#pause(50)
  }

  /** The pace of a client; the end of all cuts it short. */
  #pause(duration: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#over
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, duration)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }
}

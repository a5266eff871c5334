import { setTimeout as delay } from 'node:timers/promises'
import { HttpConnection, type Target } from '../test/support/connection.js'
import { now } from './clock.js'
import type { Closing, Sample } from './observation.js'

/** How a crowd is made up. */
const KEEP_ALIVE_CLIENTS = 16
/** How long a keep-alive client waits between an answer and its next request. Milliseconds. */
const PAUSE = 10
/** How often a request is made on a new connection, whether the last one was answered or not. Milliseconds. */
const FRESH_EVERY = 10

/** In words, for the tables. */
export const CROWD = `${KEEP_ALIVE_CLIENTS} keep-alive clients that pause ${PAUSE} ms between requests, and one new connection each ${FRESH_EVERY} ms`

/** Clients that ask and ask, never try a second time, and write down what they saw. */
export class Crowd {
  readonly samples: Sample[] = []
  readonly closings: Closing[] = []
  readonly #target: Target
  readonly #stopped = new AbortController()
  readonly #running: Promise<unknown>

  /** Starts at once. */
  constructor(target: Target) {
    this.#target = target
    const keepAlive = Array.from({ length: KEEP_ALIVE_CLIENTS }, () => this.#keepAsking())
    this.#running = Promise.all([this.#askAfresh(), ...keepAlive])
  }

  /** Lets the requests under way come to their end. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #keepAsking(): Promise<void> {
    let connection: HttpConnection | undefined
    while (!this.#stopped.signal.aborted) {
      await this.#sample('keep-alive', async () => {
        if (connection === undefined || connection.isClosed) connection = await this.#openWatched()
        await ask(connection)
      })
      if (connection?.announced) {
        this.closings.push({ time: now(), announced: true })
        connection.close()
        connection = undefined
      }
      await delay(PAUSE)
    }
    connection?.close()
  }

  async #openWatched(): Promise<HttpConnection> {
    const connection = await HttpConnection.open(this.#target)
    void connection.closed.then((ending) => {
      const isWithoutAWord = ending !== 'by the client' && !connection.announced
      if (isWithoutAWord) this.closings.push({ time: now(), announced: false })
    })
    return connection
  }

  async #askAfresh(): Promise<void> {
    const open = new Set<Promise<void>>()
    while (!this.#stopped.signal.aborted) {
      const asked = this.#sample('fresh', async () => {
        const connection = await HttpConnection.open(this.#target)
        await ask(connection).finally(() => connection.close())
      }).finally(() => open.delete(asked))
      open.add(asked)
      await delay(FRESH_EVERY)
    }
    await Promise.all(open)
  }

  async #sample(client: Sample['client'], request: () => Promise<void>): Promise<void> {
    const begun = now()
    const failed = await request().then(
      () => false,
      () => true
    )
    this.samples.push({ client, begun, ended: now(), failed })
  }
}

/**
 * Asks once.
 *
 * @throws {Error} when there is no answer, or another one than 200
 */
export async function ask(connection: HttpConnection): Promise<void> {
  const { status } = await connection.request({ path: '/' })
  if (status !== 200) throw new Error(`status ${status}`)
}

import { setTimeout as delay } from 'node:timers/promises'
import { HttpConnection, type Target } from '../test/support/connection.js'
import { now } from './clock.js'
import { type Closing, PATIENCE, type Sample } from './observation.js'

/** How a crowd is made up. */
export interface CrowdMakeUp {
  /** How many keep-alive clients there are. */
  keepAlive: number
  /** How long a keep-alive client waits between an answer and its next request; 0: not at all. Milliseconds. */
  pause: number
  /**
   * How often a request is made on a new connection, whether the last one was answered or not. Default: never.
   * Milliseconds.
   */
  freshEvery?: number
}

/** A crowd in words, for the report. */
export function describeCrowd({ keepAlive, pause, freshEvery }: CrowdMakeUp): string {
  const clients = `${keepAlive} keep-alive clients that ${pause === 0 ? 'never pause' : `pause ${pause} ms`} between requests`
  return freshEvery === undefined ? clients : `${clients}, and one new connection each ${freshEvery} ms`
}

/** Clients that ask and ask, never try a second time, and write down what they saw. */
export class Crowd {
  readonly samples: Sample[] = []
  readonly closings: Closing[] = []
  readonly #target: Target
  readonly #pause: number
  readonly #open = new Set<HttpConnection>()
  readonly #stopped = new AbortController()
  readonly #running: Promise<unknown>

  /** Starts at once. */
  constructor(target: Target, { keepAlive, pause, freshEvery }: CrowdMakeUp) {
    this.#target = target
    this.#pause = pause
    const clients = Array.from({ length: keepAlive }, () => this.#keepAsking())
    if (freshEvery !== undefined) clients.push(this.#askAfresh(freshEvery))
    this.#running = Promise.all(clients)
  }

  /** Lets the requests in progress finish. Those that do not finish in time have failed. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const timer = setTimeout(() => this.#giveUp(), PATIENCE)
    await this.#running
    clearTimeout(timer)
  }

  /** A worker that leaves can take an accepted connection with it, which then neither answers nor ends. */
  #giveUp(): void {
    for (const connection of this.#open) connection.close()
  }

  async #keepAsking(): Promise<void> {
    let connection: HttpConnection | undefined
    while (!this.#stopped.signal.aborted) {
      await this.#sample('keep-alive', async () => {
        if (connection === undefined || connection.isClosed) connection = this.#watchClosing(await this.#openOne())
        await ask(connection)
      })
      if (connection?.announced) {
        this.closings.push({ time: now(), announced: true })
        connection.close()
        connection = undefined
      }
      if (this.#pause > 0) await delay(this.#pause)
    }
    connection?.close()
  }

  async #openOne(): Promise<HttpConnection> {
    const connection = await HttpConnection.open(this.#target)
    this.#open.add(connection)
    void connection.closed.then(() => this.#open.delete(connection))
    return connection
  }

  #watchClosing(connection: HttpConnection): HttpConnection {
    void connection.closed.then((ending) => {
      const isWithoutAWord = ending !== 'by the client' && !connection.announced
      if (isWithoutAWord) this.closings.push({ time: now(), announced: false })
    })
    return connection
  }

  async #askAfresh(every: number): Promise<void> {
    const open = new Set<Promise<void>>()
    while (!this.#stopped.signal.aborted) {
      const asked = this.#sample('fresh', async () => {
        const connection = await this.#openOne()
        await ask(connection).finally(() => connection.close())
      }).finally(() => open.delete(asked))
      open.add(asked)
      await delay(every)
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

import { type Client, checkHome } from './clients.js'
import { HttpConnection, type Target } from './connection.js'
import { deferred } from './deferred.js'
import { within } from './limit.js'

/** The pods to which the proxies of a service send new connections, one after the other. */
export class Endpoints {
  readonly #targets: Target[]
  #turn = 0
  #answers = new Map<Target, number>()
  #onAnswer = new Set<() => void>()

  constructor(...targets: Target[]) {
    this.#targets = targets
  }

  /** The proxies send no new connections there any more; open ones stay. */
  remove(target: Target): void {
    this.#targets.splice(this.#targets.indexOf(target), 1)
  }

  /** Where the next connection goes. */
  next(): Target {
    return this.#targets[this.#turn++ % this.#targets.length] as Target
  }

  /** A pod has answered on a connection that was opened for this request. */
  answered(target: Target): void {
    this.#answers.set(target, this.#answersOf(target) + 1)
    for (const check of [...this.#onAnswer]) check()
  }

  /** Waits until a pod has answered so many more requests, each on a new connection. */
  async moreFrom(target: Target, more: number): Promise<void> {
    const goal = this.#answersOf(target) + more
    const { promise, resolve } = deferred<void>()
    const check = () => this.#answersOf(target) >= goal && resolve()
    this.#onAnswer.add(check)
    try {
      await within(promise, `${more} answers on new connections`)
    } finally {
      this.#onAnswer.delete(check)
    }
  }

  #answersOf(target: Target): number {
    return this.#answers.get(target) ?? 0
  }
}

/**
 * A client of a service, which never retries a request. It opens a connection for each request. Or it keeps one until
 * it is told to close it, even if the proxies would not send new connections to that pod any more.
 */
export class ServiceClient implements Client {
  readonly name: string
  connectionsClosed = 0
  /** The pod to which it keeps a connection. */
  target: Target | undefined
  readonly #endpoints: Endpoints
  readonly #keepsAlive: boolean
  readonly #path: string
  #connection: HttpConnection | undefined

  constructor(endpoints: Endpoints, { keepsAlive = false, path = '/' } = {}) {
    this.#endpoints = endpoints
    this.#keepsAlive = keepsAlive
    this.#path = path
    this.name = `${path} on ${keepsAlive ? 'a kept connection' : 'new connections'}`
  }

  async ask(): Promise<number[]> {
    return this.#keepsAlive ? this.#askAgain() : this.#askAnew()
  }

  async #askAgain(): Promise<number[]> {
    const connection = await this.#kept()
    return [checkHome(await connection.request({ path: this.#path }))]
  }

  async #askAnew(): Promise<number[]> {
    const target = this.#endpoints.next()
    const connection = await HttpConnection.open(target)
    try {
      const generation = checkHome(await connection.request({ path: this.#path }))
      this.#endpoints.answered(target)
      return [generation]
    } finally {
      connection.close()
    }
  }

  close(): void {
    this.#connection?.close()
  }

  async #kept(): Promise<HttpConnection> {
    const open = this.#connection
    if (open !== undefined && !open.isClosed && !open.announced) return open
    open?.close()
    this.target = this.#endpoints.next()
    const connection = await HttpConnection.open(this.target)
    this.#connection = connection
    connection.closed.then((ending) => {
      if (ending !== 'by the client' && !connection.announced) this.connectionsClosed += 1
    })
    return connection
  }
}

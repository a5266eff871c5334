import { setMaxListeners } from 'node:events'
import type { Client } from './clients.js'
import { deferred } from './deferred.js'
import { ServerFailure, within } from './limit.js'
import type { TestServer } from './server.js'

/** How a load is paced. */
export interface LoadSettings {
  /** Closed loop: the pause of each client between an answer and its next request. Milliseconds, default 2. */
  pause?: number
  /**
   * Open loop: each client asks this often, whether it has been answered or not. Milliseconds; default: closed loop.
   */
  every?: number
  /** Open loop: how many requests of one client may be open at once; beyond that, turns are skipped. Default: 50. */
  open?: number
  /** How many requests the whole load makes at most. Default: 200 000. */
  most?: number
}

/** After so many failures a load gives up: the test has failed, and only the first of them tell why. */
const MOST_FAILURES = 20

/**
 * Reloads a server again and again, each time when every client has been answered by the newest generation. Ends the
 * load.
 */
export async function reloadUnder(load: Load, server: TestServer, times: number): Promise<Report> {
  for (let generation = 1; generation <= times; generation++) {
    await load.reached(generation)
    await server.reload()
  }
  await load.reached(times + 1)
  return load.stop()
}

/** What the clients of a load saw. */
export interface Report {
  /** Requests, answered or not. */
  requests: number
  /** What went wrong, with the name of the client. */
  failures: string[]
  /** Idle connections that ended without being announced. */
  connectionsClosed: number
  /** Answers by generation. */
  answers: Record<number, number>
  /** Open loop: turns that were skipped because too many requests were open. */
  skipped: number
}

/** Clients that ask and ask until they are told to stop. */
export class Load {
  #report: Report = { requests: 0, failures: [], connectionsClosed: 0, answers: {}, skipped: 0 }
  #clients: Client[]
  #settings: Required<Omit<LoadSettings, 'every'>>
  #stopped = new AbortController()
  #answered = new Map<Client, number>()
  #running: Promise<unknown>
  #onAnswer = new Set<() => void>()

  /** Starts at once. */
  constructor(clients: Client[], { pause = 2, every, open = 50, most = 200_000 }: LoadSettings = {}) {
    this.#clients = clients
    this.#settings = { pause, open, most }
    setMaxListeners(0, this.#stopped.signal)
    const run = (client: Client) => (every === undefined ? this.#closedLoop(client) : this.#openLoop(client, every))
    this.#running = Promise.all(clients.map(run))
  }

  /** Waits until every client has been answered by this generation or a later one. */
  async reached(generation: number): Promise<void> {
    const isReached = () => this.#clients.every((client) => (this.#answered.get(client) ?? 0) >= generation)
    await this.#until(isReached, `answer of generation ${generation} for each client`)
  }

  /** Waits until this many more requests have been answered. */
  async answered(more: number): Promise<void> {
    const goal = this.#report.requests + more
    await this.#until(() => this.#report.requests >= goal, `${more} more answers`)
  }

  /** Lets the requests in progress finish, closes the connections and reports. */
  async stop(): Promise<Report> {
    this.#stopped.abort()
    await this.#running
    // Read before the connections are closed from this side.
    this.#report.connectionsClosed = this.#clients.reduce((sum, client) => sum + client.connectionsClosed, 0)
    for (const client of this.#clients) client.close()
    return this.#report
  }

  get #isOver(): boolean {
    const { requests, failures } = this.#report
    return this.#stopped.signal.aborted || requests >= this.#settings.most || failures.length >= MOST_FAILURES
  }

  async #closedLoop(client: Client): Promise<void> {
    while (!this.#isOver) {
      await this.#ask(client)
      await this.#pause(this.#settings.pause)
    }
  }

  async #openLoop(client: Client, every: number): Promise<void> {
    const open = new Set<Promise<void>>()
    while (!this.#isOver) {
      if (open.size < this.#settings.open) {
        const asked = this.#ask(client).finally(() => open.delete(asked))
        open.add(asked)
      } else {
        this.#report.skipped += 1
      }
      await this.#pause(every)
    }
    await Promise.all(open)
  }

  async #ask(client: Client): Promise<void> {
    try {
      const generations = await client.ask()
      this.#report.requests += generations.length
      for (const generation of generations) this.#count(client, generation)
    } catch (err) {
      this.#report.requests += 1
      this.#report.failures.push(`${client.name}: ${(err as Error).message}`)
    }
    for (const check of [...this.#onAnswer]) check()
  }

  #count(client: Client, generation: number): void {
    this.#report.answers[generation] = (this.#report.answers[generation] ?? 0) + 1
    this.#answered.set(client, generation)
  }

  /** The pace of the clients, not a wait for the server; a stop ends it. */
  #pause(duration: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#stopped.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, duration)
      this.#stopped.signal.addEventListener('abort', end)
    })
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return
    const { promise, resolve, reject } = deferred<void>()
    const check = () => {
      if (isTrue()) resolve()
      else if (this.#report.failures.length >= MOST_FAILURES) reject(new ServerFailure(`no ${what}`, this.#explain()))
    }
    this.#onAnswer.add(check)
    try {
      await within(promise, what, () => this.#explain())
    } finally {
      this.#onAnswer.delete(check)
    }
  }

  #explain(): string {
    const { failures, ...numbers } = this.#report
    return [JSON.stringify(numbers), ...failures].join('\n')
  }
}

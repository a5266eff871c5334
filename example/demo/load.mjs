import { EventEmitter, once, setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Connection } from './connection.mjs'
import { kindsOfClients } from './kinds.mjs'

/** How long it may take until a new release has answered clients of every kind. Milliseconds. */
const REACH_LIMIT = 30_000

/** Many clients of several kinds. They send requests until they are stopped, and never retry one. */
export class Load extends EventEmitter {
  /** What the clients of each kind saw. */
  tallies
  /** The longest time in which no client got an answer. Milliseconds. */
  longestGap = 0
  #lastAnswer
  #stop = new AbortController()
  #running

  constructor(port, idlePause) {
    super()
    setMaxListeners(0, this.#stop.signal) // Every client listens to the signal while it pauses.
    const kinds = kindsOfClients(idlePause)
    this.tallies = kinds.map(createTally)
    this.#running = kinds.flatMap((kind, index) =>
      Array.from({ length: kind.clients }, () => this.#ask(port, kind, this.tallies[index]))
    )
  }

  get requests() {
    return sum(this.tallies, 'requests')
  }

  get failures() {
    return sum(this.tallies, 'failures')
  }

  /** How many connections the server has closed without an announcement. */
  get closed() {
    return sum(this.tallies, 'closed')
  }

  /** Resolves when a release has answered clients of every kind. */
  async reached(release) {
    const signal = AbortSignal.timeout(REACH_LIMIT)
    const missing = () => this.tallies.filter(({ releases }) => !releases.has(release)).map(({ name }) => name)
    while (missing().length > 0) {
      await once(this, 'new release', { signal }).catch((cause) => {
        throw new Error(`release ${release} has not answered: ${missing().join(', ')}`, { cause })
      })
    }
  }

  /** Lets every client finish its request and leave. */
  async stop() {
    this.#measureGap()
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async #ask(port, kind, tally) {
    const { signal } = this.#stop
    let connection
    while (!signal.aborted) {
      try {
        connection = await this.#connected(connection, port, tally)
        this.#check(await connection.request(kind.pieces()), kind, tally)
      } catch (error) {
        tally.failures += 1
        tally.complaints.add(error.message)
      }
      tally.requests += 1
      if (kind.fresh || connection?.announced) connection?.close()
      await setTimeout(kind.pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
    }
    connection?.close()
  }

  async #connected(connection, port, tally) {
    if (connection !== undefined && !connection.closed) return connection
    const opened = await Connection.open(port)
    opened.onClosed = () => {
      if (!opened.announced) tally.closed += 1
    }
    return opened
  }

  #check(response, kind, tally) {
    const complaint = kind.complaint(response)
    if (complaint !== undefined) throw new Error(complaint)
    if (!this.#stop.signal.aborted) this.#measureGap()
    const release = Number(response.headers['x-release'])
    if (tally.releases.has(release)) return
    tally.releases.add(release)
    this.emit('new release')
  }

  #measureGap() {
    const now = performance.now()
    this.longestGap = Math.max(this.longestGap, now - (this.#lastAnswer ?? now))
    this.#lastAnswer = now
  }
}

function createTally({ name, clients }) {
  return { name, clients, requests: 0, failures: 0, closed: 0, releases: new Set(), complaints: new Set() }
}

function sum(tallies, name) {
  return tallies.reduce((total, tally) => total + tally[name], 0)
}

import { EventEmitter, once, setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Connection } from './connection.mjs'
import { kindsOfClients } from './kinds.mjs'

/** How long it may take until a new generation has answered clients of every kind. Milliseconds. */
const REACH_LIMIT = 30_000

/** Many clients of several kinds, which ask until they are stopped and never ask twice. */
export class Load extends EventEmitter {
  /** What the clients of each kind saw. */
  tallies
  #stop = new AbortController()
  #running

  constructor(port, idlePause) {
    super()
    setMaxListeners(0, this.#stop.signal) // Every client listens to it while it pauses.
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

  /** Resolves when clients of every kind have been answered by a generation. */
  async reached(generation) {
    const signal = AbortSignal.timeout(REACH_LIMIT)
    const missing = () => this.tallies.filter(({ generations }) => !generations.has(generation)).map(({ name }) => name)
    while (missing().length > 0) {
      await once(this, 'new generation', { signal }).catch((cause) => {
        throw new Error(`generation ${generation} has not answered: ${missing().join(', ')}`, { cause })
      })
    }
  }

  /** Lets every client finish its request and leave. */
  async stop() {
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
      if (kind.fresh || connection?.announced) connection?.close()
      await setTimeout(kind.pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
    }
    connection?.close()
  }

  async #connected(connection, port, tally) {
    if (connection !== undefined && !connection.closed) return connection
    const opened = await Connection.open(port)
    tally.opened += 1
    opened.onClosed = () => {
      if (!opened.announced) tally.closedUnannounced += 1
    }
    return opened
  }

  #check(response, kind, tally) {
    const complaint = kind.complaint(response)
    if (complaint !== undefined) throw new Error(complaint)
    tally.requests += 1
    const generation = Number(response.headers['x-generation'])
    if (tally.generations.has(generation)) return
    tally.generations.add(generation)
    this.emit('new generation')
  }
}

function createTally({ name, clients }) {
  const counts = { requests: 0, failures: 0, opened: 0, closedUnannounced: 0 }
  return { name, clients, ...counts, generations: new Set(), complaints: new Set() }
}

function sum(tallies, name) {
  return tallies.reduce((total, tally) => total + tally[name], 0)
}

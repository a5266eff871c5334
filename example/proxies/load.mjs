import { EventEmitter, once, setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Connection } from '../demo/connection.mjs'

/** How long anything may take. Milliseconds. */
const LIMIT = 60_000
/** No load asks more often than that. */
const MOST_REQUESTS = 50_000

const HEAD = 'HTTP/1.1\r\nhost: example\r\n'
const BODY = '{"ping":"pong"}'
const POST = `POST /echo ${HEAD}content-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`

/** The requests of a client, one after the other. */
const REQUESTS = [
  { text: `GET / ${HEAD}\r\n`, body: /world/ },
  { text: POST, body: /pong/ },
  { text: `GET / ${HEAD}\r\n`, body: /world/ },
  { text: POST, body: /pong/ },
  { text: `GET /slow ${HEAD}\r\n`, body: /slow world/ }
]

/**
 * Clients of the proxy. They send requests until they are stopped, and never retry one. Some keep one connection; the
 * others open one for each request.
 */
export class Load extends EventEmitter {
  requests = 0
  failures = []
  /** By server, such as `machine 1, release 2`: how often it has answered, and on which connections of the proxy. */
  answers = new Map()
  #port
  #stop = new AbortController()
  #stopKept = new AbortController()
  #kept
  #fresh

  constructor(port, { kept, fresh }) {
    super()
    this.#port = port
    for (const { signal } of [this.#stop, this.#stopKept]) setMaxListeners(0, signal)
    this.#kept = Array.from({ length: kept }, (_, index) => this.#ask(index, true, this.#stopKept.signal))
    this.#fresh = Array.from({ length: fresh }, (_, index) => this.#ask(index, false, this.#stop.signal))
  }

  /** Waits until this server has answered so many more requests with this release. */
  async answeredBy(name, release, count = 30) {
    const from = `${name}, release ${release}`
    const counted = () => this.answers.get(from)?.count ?? 0
    const goal = counted() + count
    const signal = AbortSignal.timeout(LIMIT)
    while (counted() < goal) {
      await once(this, 'answer', { signal }).catch((cause) => {
        throw new Error(`no answer of ${from}; failures: ${this.failures.slice(0, 5)}`, { cause })
      })
    }
  }

  /** The proxy's connections to servers on which answers have come since {@link forgetConnections}. */
  get connections() {
    return [...this.answers.values()].flatMap(({ connections }) => [...connections])
  }

  forgetConnections() {
    for (const { connections } of this.answers.values()) connections.clear()
  }

  /** Lets the clients that keep a connection finish, and leave. */
  async stopKept() {
    this.#stopKept.abort()
    await Promise.all(this.#kept)
  }

  /** Lets all of them finish, and leave. */
  async stop() {
    this.#stop.abort()
    await Promise.all([this.stopKept(), ...this.#fresh])
  }

  async #ask(turn, isKept, signal) {
    let connection
    while (!signal.aborted && this.requests < MOST_REQUESTS) {
      const request = REQUESTS[turn++ % REQUESTS.length]
      this.requests += 1
      try {
        connection ??= await this.#connect(isKept)
        this.#check(await connection.request([request.text]), request)
      } catch (error) {
        this.failures.push(error.message)
        connection?.close()
      }
      if (!isKept) connection?.close()
      if (connection?.closed) connection = undefined
      await setTimeout(15 * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
    }
    connection?.close()
  }

  /** The proxy must not close a connection that a client keeps, whether it announces that or not. */
  async #connect(isKept) {
    const connection = await Connection.open(this.#port)
    if (isKept) connection.onClosed = () => this.failures.push('the proxy closed a connection')
    return connection
  }

  #check({ status, headers, body }, request) {
    if (status !== 200 || !request.body.test(body)) throw new Error(`status ${status}: ${body.slice(0, 100)}`)
    const from = `${headers['x-server']}, release ${headers['x-release']}`
    const answers = this.answers.get(from) ?? { count: 0, connections: new Set() }
    answers.count += 1
    answers.connections.add(connectionOf(headers))
    this.answers.set(from, answers)
    this.emit('answer')
  }
}

/** Lets the proxy open as many connections to each server as its clients can ever need at once. */
export async function fillPools(port, servers, each) {
  const all = new Set()
  const isFull = (name) => [...all].filter((connection) => connection.startsWith(`${name}:`)).length >= each
  const askSlowly = async () => {
    const connection = await Connection.open(port)
    const { headers } = await connection.request([`GET /slow ${HEAD}\r\n`])
    connection.close()
    all.add(connectionOf(headers))
  }
  for (let round = 0; round < 20 && !servers.every(isFull); round += 1)
    await Promise.all(Array.from({ length: servers.length * each }, askSlowly))
  if (!servers.every(isFull)) throw new Error(`the proxy opened too few connections: ${[...all]}`)
}

/** A connection between the proxy and a server, by its port on the side of the proxy. */
function connectionOf(headers) {
  return `${headers['x-server']}:${headers['x-connection']}`
}

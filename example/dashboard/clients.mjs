import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Connection } from '../demo/connection.mjs'
import { keepCounting } from './counting.mjs'

/** The clients of each server. Pauses between two requests are milliseconds, on average. */
const KINDS = [
  { clients: 6, path: '/', pause: 140 },
  { clients: 2, path: '/report', pause: 300 },
  { clients: 2, path: '/', pause: 120, fresh: true }
]
const WEB_SOCKETS = 4

/** Clients that send requests until they are stopped. A failed request is recorded and never retried. */
export class Clients {
  #stop = new AbortController()
  #running

  constructor(port, recording) {
    const { signal } = this.#stop
    setMaxListeners(0, signal) // Every client listens to the signal.
    const asking = KINDS.flatMap((kind) =>
      Array.from({ length: kind.clients }, () => keepAsking(port, kind, recording, signal))
    )
    const counting = Array.from({ length: WEB_SOCKETS }, () => keepCounting(port, recording, signal))
    this.#running = Promise.all([...asking, ...counting])
  }

  async stop() {
    this.#stop.abort()
    await this.#running
  }
}

async function keepAsking(port, { path, pause, fresh = false }, recording, signal) {
  const lane = fresh ? undefined : recording.addLane('connection')
  let connection
  while (!signal.aborted) {
    const began = performance.now()
    try {
      if (connection === undefined || connection.closed) connection = await open(port, lane)
      const { status, headers } = await connection.request([`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`])
      if (status !== 200) throw new Error(`status ${status}`)
      const generation = Number(headers['x-generation'])
      recording.answered(performance.now() - began, generation)
      lane?.answered(generation)
      if (connection.announced) leave(connection, lane)
    } catch (error) {
      recording.failed(performance.now() - began, error.code ?? error.message)
    }
    if (fresh) connection?.close()
    await setTimeout(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
  }
  connection?.close()
}

async function open(port, lane) {
  const connection = await Connection.open(port)
  lane?.opened()
  connection.onClosed = () => lane?.lost()
  return connection
}

/** The server has said `Connection: close`. */
function leave(connection, lane) {
  connection.close()
  lane?.lost()
}

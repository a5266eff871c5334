import { Lane } from './lane.mjs'
import { Processes } from './processes.mjs'

/** How much of the past is kept: a little more than the page shows. Milliseconds. */
const PAST = 40_000

/** How many notes are kept. */
const NOTES = 20

/** What was seen of one server: what the page shows of it. Times are milliseconds since the live view was started. */
export class Recording {
  processes = new Processes(now)
  /** Open connections, the lines of the page. */
  lanes = []
  /** Requests that have ended: time, latency, generation, and what went wrong. */
  #requests = []
  /** How many requests were recorded before those that are kept. */
  #forgotten = 0
  #notes = []
  #totals = { answered: 0, failed: 0, connectionsLost: 0, webSocketsLost: 0, wrongCounts: 0 }

  answered(latency, generation) {
    this.#totals.answered += 1
    this.#requests.push([now(), round(latency), generation])
  }

  failed(latency, problem) {
    this.#totals.failed += 1
    this.#requests.push([now(), round(latency), 0, problem])
  }

  /** A WebSocket has answered with a wrong count. */
  wrongCount() {
    this.#totals.wrongCounts += 1
  }

  /** @param kind - `connection` or `WebSocket` */
  addLane(kind) {
    const total = kind === 'WebSocket' ? 'webSocketsLost' : 'connectionsLost'
    const lane = new Lane(kind, now, () => (this.#totals[total] += 1))
    this.lanes.push(lane)
    return lane
  }

  /** Adds a sentence for the person who watches. */
  note(text) {
    this.#notes.push({ at: now(), text })
    if (this.#notes.length > NOTES) this.#notes.shift()
  }

  /** The position from which a page goes on that has seen everything so far. */
  get end() {
    return this.#forgotten + this.#requests.length
  }

  /** All that the page shows. Of the requests, only those from a given position on. */
  since(position) {
    this.#forget()
    return {
      requests: this.#requests.slice(Math.max(0, position - this.#forgotten)),
      lanes: this.lanes.map((lane) => lane.toJSON()),
      processes: this.processes.bars,
      totals: this.#totals,
      notes: this.#notes
    }
  }

  #forget() {
    const oldest = now() - PAST
    const index = this.#requests.findIndex(([at]) => at >= oldest)
    const count = index === -1 ? this.#requests.length : index
    this.#forgotten += count
    this.#requests.splice(0, count)
    for (const lane of this.lanes) lane.forget(oldest)
    this.processes.forget(oldest)
  }
}

/** Milliseconds since the live view was started. */
export function now() {
  return Math.round(performance.now())
}

function round(latency) {
  return Math.round(latency * 10) / 10
}

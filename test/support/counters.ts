import type { Test } from 'tap'
import { EventSourceClient } from './event-source.js'
import { within } from './limit.js'

/** A WebSocket that counts, as the live view reports it. */
export interface Counter {
  isOpen: boolean
  count: number
  /** The parts of its line, by the generation that answers. Times are milliseconds. */
  pieces: Array<{ from: number; to?: number; generation?: number; lost: boolean }>
}

interface Message {
  sides: Array<{ lanes: Array<Counter & { kind: string }> }>
}

/** The WebSockets of the server that is reloaded, in each message that the live view sends to its page. */
export class Counters {
  readonly #stream: EventSourceClient

  private constructor(stream: EventSourceClient) {
    this.#stream = stream
  }

  static watch(t: Test, url: string): Counters {
    const stream = new EventSourceClient(`${url}/events`)
    t.teardown(() => stream.close())
    return new Counters(stream)
  }

  /** Waits until all are answered by this generation. Returns all WebSockets of all messages. */
  async reached(generation: number): Promise<Counter[][]> {
    const isReached = (counters: Counter[]) => counters.every(({ pieces }) => pieces.at(-1)?.generation === generation)
    await within(
      this.#stream.event(({ data }) => isReached(countersIn(data))),
      `answers of generation ${generation}`
    )
    return this.#stream.events.map(({ data }) => countersIn(data))
  }
}

function countersIn(data: string): Counter[] {
  const { sides } = JSON.parse(data) as Message
  return (sides[0]?.lanes ?? []).filter(({ kind }) => kind === 'WebSocket')
}

import { openStreams } from '../internals/http2.js'
import { ageOf } from './age.js'
import type { Connections } from './tracker.js'

/** A request in progress, as the client sent it. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  /** Milliseconds. */
  readonly age: number
}

/**
 * The requests in progress on one server; of those that a client has sent one behind the other, the first.
 *
 * @param since - since when they are known at least, on the clock of `performance.now()`
 */
export function openRequests(connections: Connections, since: number): SentRequest[] {
  const requests = connections.responses().map(([, { req }]) => {
    return { method: req.method ?? '-', url: req.url ?? '', age: ageOf(req, since) }
  })
  const streams = [...connections.sessions.keys()].flatMap(openStreams).map(({ stream, request }) => {
    return { method: request?.method ?? '-', url: request?.url ?? '', age: ageOf(stream, since) }
  })
  return [...requests, ...streams]
}

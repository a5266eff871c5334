import { channel } from 'node:diagnostics_channel'
import { subscribeAlone } from '../util/one-subscriber.js'

const BEGUN = Symbol.for('fastify-graceful-reload.begun.1')

/** What has a beginning: a request, a stream, a connection. */
interface Begun {
  [BEGUN]?: number
}

let isWatching = false

/**
 * Takes note of when each HTTP/1.1 request begins, from the first call on:
 * https://nodejs.org/api/diagnostics_channel.html#http
 */
export function watchRequests(): void {
  if (isWatching) return
  isWatching = true
  const onStart = (message: unknown) => begins((message as { request: Begun }).request)
  subscribeAlone(channel('http.server.request.start'), 'fastify-graceful-reload.request.1', onStart)
}

/** Something begins now. */
export function begins(subject: object): void {
  ;(subject as Begun)[BEGUN] = performance.now()
}

/**
 * For how long something has been in progress, in milliseconds.
 *
 * @param known - since when that is known, on the clock of `performance.now()`, if its beginning was not seen
 */
export function ageOf(subject: object, known: number): number {
  return Math.round(performance.now() - ((subject as Begun)[BEGUN] ?? known))
}

import { types } from 'node:util'
import type { WebSocket } from '../internals/websocket.js'
import { asCarried } from '../reload/state-check.js'
import { toError } from '../util/to-error.js'
import type { Consent } from './websocket-routes.js'
import type { Arrival } from './websocket-upgrade.js'

/** Why a WebSocket cannot move although its route says that it may. */
export interface Obstacle {
  /** Undefined: the route wants it so. */
  readonly error: Error | undefined
}

/** Asks a route what goes along with one of its WebSockets. */
export function stateOf({ move, request }: Consent, webSocket: WebSocket): Arrival | Obstacle {
  if (move === true) return { state: undefined }
  try {
    const state = move(webSocket, request)
    if (state === undefined) return { error: undefined }
    if (types.isPromise(state)) {
      state.catch(() => {}) // What it comes to no longer matters.
      throw new TypeError('it returned a promise, and a WebSocket does not wait')
    }
    return { state: asCarried([state])[0] }
  } catch (thrown) {
    return { error: toError(thrown) }
  }
}

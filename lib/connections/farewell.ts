import type { Socket } from 'node:net'
import { Goodbyes, TICK } from './goodbyes.js'
import type { Connections } from './tracker.js'
import { CLOSE_CODES } from './websocket-close.js'
import type { WebSockets } from './websockets.js'

/** Everything needed to close the WebSockets that do not move. */
export interface FarewellSettings {
  upgraded: WebSockets
  /** Those of all servers that speak HTTP/1.1. */
  connections(): Connections[]
  /** Whether these connections move to the child. */
  moves(connections: Connections): boolean
  /** Over how long the close frames are spread. Milliseconds. */
  window: number
}

/** The close code and reason for clients of the old generation. */
export const RESTART = { code: CLOSE_CODES.serviceRestart, reason: 'the server restarts' } as const

/**
 * Tells the clients of WebSockets that do not move to come again, as soon as the child serves: until they do, they hear
 * nothing of what the new generation says. Goes on until the drain, since an upgrade can still come on a connection
 * that has not moved.
 */
export class Farewell {
  readonly #settings: FarewellSettings
  readonly #goodbyes: Goodbyes
  readonly #told = new WeakSet<Socket>()
  readonly #ticker: NodeJS.Timeout

  constructor(settings: FarewellSettings) {
    const { upgraded, window } = settings
    this.#settings = settings
    this.#goodbyes = new Goodbyes({ upgraded, window, ...RESTART })
    this.#ticker = setInterval(() => this.#tick(), TICK)
    this.#tick()
  }

  /** Closes no more: the drain does that, or this process serves again. */
  end(): void {
    clearInterval(this.#ticker)
  }

  #tick(): void {
    const due = this.#settings.connections().flatMap((connections) => this.#dueAmong(connections))
    for (const socket of this.#goodbyes.tell(due)) this.#told.add(socket)
  }

  #dueAmong(connections: Connections): Socket[] {
    const { upgraded, moves } = this.#settings
    const areMoving = moves(connections)
    return [...connections.open].filter((socket) => {
      if (!connections.isUpgraded(socket) || this.#told.has(socket)) return false
      return !areMoving || upgraded.mobility(socket) === 'never'
    })
  }
}

import type { Socket } from 'node:net'
import type { WebSockets } from './websockets.js'

/** How the closing of connections is spread. */
export interface GoodbyeSettings {
  upgraded: WebSockets
  /** Of the close frame: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
  code: number
  reason: string
  /** Over how long the close frames to all who have to go at the same time are spread. Milliseconds. */
  window: number
}

/** How often connections are closed. Milliseconds. */
export const TICK = 50
/** How many are closed in each turn, even if there is time for fewer. */
const LEAST_PER_TICK = 5

/** Sends close frames, a few in each turn: a client that got one connects again, and not all should do so at once. */
export class Goodbyes {
  readonly #settings: GoodbyeSettings
  #windowEnd: number | undefined

  constructor(settings: GoodbyeSettings) {
    this.#settings = settings
  }

  /**
   * Sends the next few close frames.
   *
   * @returns whom; an upgrade that is not answered yet must wait
   */
  tell(due: readonly Socket[]): Socket[] {
    const now = performance.now()
    this.#windowEnd ??= now + this.#settings.window
    const turnsLeft = Math.max(1, (this.#windowEnd - now) / TICK)
    const share = Math.max(LEAST_PER_TICK, Math.ceil(due.length / turnsLeft))
    const told: Socket[] = []
    for (const socket of due) {
      if (told.length === share) break
      if (this.#close(socket)) told.push(socket)
    }
    // Connections that come after all others were closed are spread over a new window.
    if (told.length === 0) this.#windowEnd = undefined
    return told
  }

  #close(socket: Socket): boolean {
    const { upgraded, code, reason } = this.#settings
    return upgraded.close(socket, code, reason)
  }
}

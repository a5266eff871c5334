import type { Socket } from 'node:net'
import type { CutRequest } from '../events.js'
import { ageOf } from './age.js'
import type { Connections } from './tracker.js'
import type { WebSockets } from './websockets.js'

/** How the WebSockets of one server end. */
export interface WebSocketDrainSettings {
  connections: Connections
  upgraded: WebSockets
  /** Whether these connections still move to the child. */
  isMoving(): boolean
  /** Of the close frame: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
  code: number
  reason: string
  /** The limit of the whole drain. Milliseconds. */
  timeout: number
}

/** At which part of the limit the close frames begin at the latest, whatever the app still does. */
const LATEST_BEGIN = 0.2
/** Until which part of it one that may yet move is left alone. */
const PATIENCE = 0.5
/** The part of it over which the close frames are spread at most: who was told to go comes back, and not all at once. */
const WINDOW = 0.3
const TICK = 50
/** How many are told in each turn even if there would be time for fewer. */
const LEAST_PER_TICK = 5
/** How long a client may take to answer a close frame, and which part of the limit at most. Milliseconds. */
const LINGER = 2000
const LINGER_SHARE = 0.1

/** Tells the clients of WebSockets to go, by a close frame, a few at a time. */
export class WebSocketDrain {
  readonly #settings: WebSocketDrainSettings
  readonly #started = performance.now()
  readonly #told = new Map<Socket, number>()
  readonly #latest: NodeJS.Timeout
  #ticker: NodeJS.Timeout | undefined
  #windowEnd = 0
  #isOver = false

  constructor(settings: WebSocketDrainSettings) {
    this.#settings = settings
    this.#latest = setTimeout(() => this.begin(), settings.timeout * LATEST_BEGIN)
  }

  /** The app has had its say. */
  begin(): void {
    clearTimeout(this.#latest)
    if (this.#ticker !== undefined || this.#isOver) return
    this.#ticker = setInterval(() => this.#tick(), TICK)
    this.#windowEnd = performance.now() + this.#settings.timeout * WINDOW
    this.#tick()
  }

  /** Ends the bookkeeping. */
  dispose(): void {
    this.#isOver = true
    clearTimeout(this.#latest)
    clearInterval(this.#ticker)
  }

  /** Closes what is left, and returns what this cut off: who had not been told, or not been sent all. */
  force(): CutRequest[] {
    const { upgraded, code, reason } = this.#settings
    return this.#open().flatMap((socket) => {
      const wasTold = this.#told.has(socket)
      upgraded.close(socket, code, reason)
      const isCut = !wasTold || socket.writableLength > 0
      socket.destroy()
      return isCut ? [{ method: 'GET', url: upgraded.pathOf(socket), age: ageOf(socket, this.#started) }] : []
    })
  }

  #open(): Socket[] {
    const { connections } = this.#settings
    return [...connections.open].filter((socket) => connections.isUpgraded(socket))
  }

  #tick(): void {
    const now = performance.now()
    for (const [socket, since] of this.#told) this.#follow(socket, now - since)
    const waiting = this.#open().filter((socket) => !this.#told.has(socket) && this.#hasToGo(socket, now))
    const turnsLeft = Math.max(1, (this.#windowEnd - now) / TICK)
    const share = Math.max(LEAST_PER_TICK, Math.ceil(waiting.length / turnsLeft))
    const { upgraded, code, reason } = this.#settings
    for (const socket of waiting.slice(0, share)) if (upgraded.close(socket, code, reason)) this.#told.set(socket, now)
  }

  #hasToGo(socket: Socket, now: number): boolean {
    const { upgraded, isMoving, timeout } = this.#settings
    if (!isMoving() || upgraded.mobility(socket) === 'never') return true
    const patienceEnd = this.#started + timeout * PATIENCE
    if (now < patienceEnd) return false
    this.#windowEnd = patienceEnd + timeout * WINDOW
    return true
  }

  /** Who does not answer is not waited for. */
  #follow(socket: Socket, since: number): void {
    const linger = Math.min(LINGER, this.#settings.timeout * LINGER_SHARE)
    if (socket.destroyed) this.#told.delete(socket)
    else if (since >= linger && socket.writableLength === 0) socket.destroy()
  }
}

import type { Socket } from 'node:net'
import type { CutRequest } from '../events.js'
import { ageOf } from './age.js'
import { type GoodbyeSettings, Goodbyes, TICK } from './goodbyes.js'
import type { Connections } from './tracker.js'

/** How the WebSockets of one server end. */
export interface WebSocketDrainSettings extends Omit<GoodbyeSettings, 'window'> {
  connections: Connections
  /** Whether these connections still move to the child. */
  isMoving(): boolean
  /**
   * After a reload: over how long the close frames are spread, which begin at once, and how long the app may keep one
   * that could move. Undefined on a stop, where the app has its say first. Milliseconds.
   */
  window: number | undefined
  /** The limit of the whole drain. Milliseconds. */
  timeout: number
}

/** At which part of the limit the close frames begin at the latest, whatever the app still does. */
const LATEST_BEGIN = 0.2
/** Until which part of it one that may yet move is left alone, unless it is the app that keeps it. */
const PATIENCE = 0.5
/** On a stop, the part of it over which the close frames are spread at most. */
const WINDOW = 0.3
/** How long a client may take to answer a close frame, and which part of the limit at most. Milliseconds. */
const LINGER = 2000
const LINGER_SHARE = 0.1

/** Tells the clients of WebSockets to go, by a close frame, a few at a time. */
export class WebSocketDrain {
  readonly #settings: WebSocketDrainSettings
  readonly #started = performance.now()
  readonly #told = new Map<Socket, number>()
  readonly #goodbyes: Goodbyes
  readonly #latest: NodeJS.Timeout
  #ticker: NodeJS.Timeout | undefined
  #isOver = false

  constructor(settings: WebSocketDrainSettings) {
    const { window, timeout } = settings
    this.#settings = settings
    this.#goodbyes = new Goodbyes({ ...settings, window: window ?? timeout * WINDOW })
    this.#latest = setTimeout(() => this.begin(), timeout * LATEST_BEGIN)
    if (window !== undefined) this.begin()
  }

  /** The app has had its say. */
  begin(): void {
    clearTimeout(this.#latest)
    if (this.#ticker !== undefined || this.#isOver) return
    this.#ticker = setInterval(() => this.#tick(), TICK)
    this.#tick()
  }

  /** Ends the bookkeeping. */
  dispose(): void {
    this.#isOver = true
    clearTimeout(this.#latest)
    clearInterval(this.#ticker)
  }

  /**
   * Closes what is left, and returns what this cut off: clients that had no close frame yet, or not all of their data.
   */
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
    const due = this.#open().filter((socket) => !this.#told.has(socket) && this.#hasToGo(socket, now))
    for (const socket of this.#goodbyes.tell(due)) this.#told.set(socket, now)
  }

  #hasToGo(socket: Socket, now: number): boolean {
    const { upgraded, isMoving, timeout, window = 0 } = this.#settings
    const mobility = upgraded.mobility(socket)
    if (!isMoving() || mobility === 'never') return true
    const patience = mobility === 'pinned' ? Math.min(window, timeout * PATIENCE) : timeout * PATIENCE
    return now - this.#started >= patience
  }

  /** The drain does not wait for clients that do not answer. */
  #follow(socket: Socket, since: number): void {
    const linger = Math.min(LINGER, this.#settings.timeout * LINGER_SHARE)
    if (socket.destroyed) this.#told.delete(socket)
    else if (since >= linger && socket.writableLength === 0) socket.destroy()
  }
}

import { ageOf } from '../connections/age.js'
import { HttpDrain, type IdlePolicy } from '../connections/drain-http1.js'
import { Http2Drain } from '../connections/drain-http2.js'
import { WebSocketDrain } from '../connections/drain-websocket.js'
import { RESTART } from '../connections/farewell.js'
import type { Migration } from '../connections/migration.js'
import type { Connections } from '../connections/tracker.js'
import { CLOSE_CODES } from '../connections/websocket-close.js'
import type { WebSockets } from '../connections/websockets.js'
import type { CutRequest } from '../events.js'
import { Deadline } from '../util/deadline.js'
import type { Timers } from '../util/timers.js'
import type { Cut } from './cut.js'
import type { HostedApp } from './hosted-app.js'

/** What to drain, and how. */
export interface DrainPlan {
  connections: Connections[]
  upgraded: WebSockets
  timers: Timers
  apps: HostedApp[]
  reason: string
  /** After how long everything that is left is cut off. Milliseconds. */
  timeout: number
  /** After how long the drain makes clients close connections that could live for ever. Milliseconds. */
  patience: number
  idle: Exclude<IdlePolicy, 'moving'>
  /** Over how long the closing of WebSockets is spread where clients come back at once. Milliseconds. */
  window: number
  /** The connections that are being moved, if any are. */
  moving?: Migration | undefined
  /** It is cut off at once: no hook is run for that. */
  isCut: boolean
  /** An error of a `drain` or `preClose` hook. The drain goes on. */
  hookFailed(name: 'drain' | 'preClose', error: unknown): void
}

/**
 * After which part of a limit a connection that is in use and has not moved yet gets `Connection: close` with its next
 * response. That is better than being cut off at the end. The limit is the patience if the child takes no connections,
 * and otherwise that of the whole drain.
 */
const MOVING_SHARE = 0.8

/** How often to look at most whether the child takes none. Milliseconds. */
const LOOK_INTERVAL = 100

/** The close code and reason for WebSockets when this process has no successor. */
const STOP = { code: CLOSE_CODES.goingAway, reason: 'the server stops' } as const

/** Finishes what is in progress: requests, other connections, holds and `drain` hooks, all within one limit. */
export class Drain {
  /** Resolves when nothing is left, or when what was left has been cut off. */
  readonly done: Promise<Cut>
  readonly #plan: DrainPlan
  readonly #http: HttpDrain[]
  readonly #http2: Http2Drain[]
  readonly #webSockets: WebSocketDrain[]
  readonly #others: Connections[]
  readonly #started = performance.now()
  readonly #limit = new Deadline()
  readonly #late: NodeJS.Timeout[] = []
  readonly #stopListening: Array<() => void>
  #idle: DrainPlan['idle']
  #finish!: (cut: Cut) => void
  /** Hooks that are not over, in the words of the log. */
  readonly #running = new Set<string>()
  /** Whether connections still move, or may come here to move on. */
  #isMoving: boolean

  constructor(plan: DrainPlan) {
    this.#plan = plan
    this.#idle = plan.idle
    this.#isMoving = plan.moving !== undefined
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#http = plan.connections.filter(({ isHttp }) => isHttp).map((connections) => this.#drainHttp(connections))
    this.#http2 = plan.connections.map((connections) => new Http2Drain(connections))
    this.#webSockets = plan.connections.filter(({ isHttp }) => isHttp).map((each) => this.#drainWebSockets(each))
    this.#others = plan.connections.filter(({ isHttp }) => !isHttp)
    const check = () => this.#check()
    this.#stopListening = [
      ...plan.connections.map((connections) => connections.onClosed(check)),
      ...plan.apps.map(({ holds }) => holds.onReleased(check))
    ]
    this.#limit.set(plan.timeout, () => this.force())
    void plan.moving?.done.then(() => {
      this.#isMoving = false
      this.#check()
    })
  }

  /** Runs the hooks, which are code of the app and may end the process. */
  begin(): void {
    if (!this.#plan.isCut) void this.#begin()
  }

  #drainHttp(connections: Connections): HttpDrain {
    const { moving, timers } = this.#plan
    if (!moving?.moves(connections)) return new HttpDrain(connections, this.#idle, timers)
    const drain = new HttpDrain(connections, 'moving', timers)
    const endMoving = () => drain.endMoving(this.#idle)
    void moving.done.then(endMoving)
    const { patience, timeout } = this.#plan
    this.#late.push(
      setInterval(() => moving.isStalled && endMoving(), Math.max(patience * MOVING_SHARE, LOOK_INTERVAL)),
      setTimeout(endMoving, timeout * MOVING_SHARE)
    )
    return drain
  }

  #drainWebSockets(connections: Connections): WebSocketDrain {
    const { upgraded, idle, moving, patience, window } = this.#plan
    const isMoving = () => moving?.moves(connections) === true
    const goodbye = idle === 'soon' ? { ...STOP, window: undefined } : { ...RESTART, window }
    return new WebSocketDrain({ connections, upgraded, isMoving, timeout: patience, ...goodbye })
  }

  /**
   * The service ends: idle connections can be closed.
   *
   * @param timeout - what the drain may still take, if it had more. Milliseconds
   */
  hurry(timeout: number): void {
    const left = this.#started + this.#plan.timeout - performance.now()
    this.#limit.set(Math.min(left, timeout), () => this.force())
    this.#idle = 'soon'
    for (const drain of this.#http) drain.endMoving('soon')
  }

  get openConnections(): number {
    return this.#plan.connections.reduce((sum, { size }) => sum + size, 0)
  }

  /** Cuts off everything that is left, and returns it. Synchronous, because the process may be about to end. */
  force(): Cut {
    const parts = [...this.#webSockets, ...this.#http2, ...this.#http]
    const cut = { requests: [...parts.flatMap((part) => part.force()), ...this.#cutOthers()], holds: this.holds }
    this.#settle(cut)
    return cut
  }

  async #begin(): Promise<void> {
    const { apps, reason } = this.#plan
    const told = this.#await(
      'drain',
      apps.map((hosted) => hosted.beginDrain(reason))
    )
    const ending = apps.map((hosted) => hosted.endStreams()).filter((ending) => ending !== undefined)
    if (ending.length > 0) void this.#await('preClose', ending)
    await told
    for (const webSockets of this.#webSockets) webSockets.begin()
  }

  async #await(name: 'drain' | 'preClose', running: Array<Promise<unknown[]>>): Promise<void> {
    this.#running.add(`${name} hooks`)
    for (const error of (await Promise.all(running)).flat()) this.#plan.hookFailed(name, error)
    this.#running.delete(`${name} hooks`)
    this.#check()
  }

  #check(): void {
    if (!this.#isMoving && this.openConnections === 0 && this.holds.length === 0)
      this.#settle({ requests: [], holds: [] })
  }

  #settle(cut: Cut): void {
    this.#limit.clear()
    for (const timer of this.#late) clearTimeout(timer)
    for (const stop of this.#stopListening) stop()
    for (const part of [...this.#webSockets, ...this.#http2, ...this.#http]) part.dispose()
    this.#finish(cut)
  }

  /** The hooks that run and the holds that nobody has released. */
  get holds(): string[] {
    const names = this.#plan.apps.flatMap(({ holds }) => holds.names)
    return [...this.#running, ...names]
  }

  #cutOthers(): CutRequest[] {
    return this.#others.flatMap((connections) => {
      const { open, handshaking } = connections
      const sockets = [...open, ...handshaking].filter((socket) => !connections.isHttp2(socket))
      for (const socket of sockets) socket.destroy()
      return sockets.map((socket) => {
        return { method: '-', url: 'a connection of another protocol', age: ageOf(socket, this.#started) }
      })
    })
  }
}

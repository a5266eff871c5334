import diagnosticsChannel from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { type ConnectionHandle, readOn, stopReading } from '../internals/connection-handle.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import { allowance, type Candidate, type MovingGroup } from './moving.js'
import type { OpenConnections } from './open-connections.js'
import type { UpgradedConnections } from './upgrades.js'

/** Finds what could move. */
interface Finder {
  readonly groups: readonly MovingGroup[]
  readonly isAnyLeft: boolean
  next(isKnown: (socket: Socket) => boolean): Candidate | undefined
  refuse(group: MovingGroup): void
}

/** What a migration needs. */
export interface MigrationSettings {
  candidates: Finder
  upgraded: UpgradedConnections
  /** Sends to the child; rejects when what was given is certainly not sent. */
  send(message: ToChild, handle?: ConnectionHandle): Promise<unknown>
  /** For how long a connection that has itself been moved here may stay silent; see `Arrivals`. */
  timeLeft(socket: Socket): number | undefined
  /** Within which time to move everything that is idle, in growing batches. Milliseconds; 0: at once. */
  duration: number
}

/** How many connections at most wait for their turn with reading stopped, and for how long in all. Milliseconds. */
const MOST_HELD = 16
const LONGEST_HOLD = 10
/** How long a child may take with one connection before the others that wait are read on. Milliseconds. */
const PATIENCE = 50
/** How often to look for what has fallen idle without a response. Milliseconds. */
const LOOK_INTERVAL = 50

/**
 * Moves the open connections of this process to its child: the idle ones in growing batches, the busy ones, once their
 * turn has come, as soon as they fall idle. Until it moves, a connection is served as ever.
 *
 * One connection at a time is on its way, which is how Node sends handles anyway; the child answers for each one whether it
 * has taken it. What it has taken is never touched here again, and what it has not taken is read on.
 */
export class Migration {
  /** Resolves when nothing is left that could move, or the migration was ended. */
  readonly done: Promise<void>
  /** Resolves when the duration is over and what was idle then has moved, or the child keeps a connection waiting. */
  readonly swept: Promise<void>
  readonly #settings: MigrationSettings
  readonly #begun = performance.now()
  readonly #total: number
  readonly #stopWatching: Array<() => void> = []
  #held: Candidate[] = []
  #onItsWay: { id: number; socket: Socket; answer(taken: boolean): void } | undefined
  #migrated = 0
  #lastId = 0
  /** How long the child took for the last one. Milliseconds; the first one is alone. */
  #roundTrip = LONGEST_HOLD
  #stalled = false
  #ended = false
  #lookScheduled = false
  #wake: () => void = () => {}
  #endSweep!: () => void

  constructor(settings: MigrationSettings) {
    this.#settings = settings
    const { groups } = settings.candidates
    this.#total = groups.reduce((sum, { connections }) => sum + connections.size, 0)
    // Published when a response has been handed to the kernel, also those under way before anyone subscribed:
    // https://nodejs.org/api/diagnostics_channel.html#http
    diagnosticsChannel.subscribe('http.server.response.finish', this.#onFinish)
    this.#stopWatching.push(() => diagnosticsChannel.unsubscribe('http.server.response.finish', this.#onFinish))
    for (const { connections } of groups) this.#stopWatching.push(connections.onClosed(() => this.#wake()))
    this.swept = new Promise((resolve) => {
      this.#endSweep = resolve
    })
    this.done = this.#run()
  }

  /** How many connections the child has taken. */
  get migrated(): number {
    return this.#migrated
  }

  /** Whether these connections are among those that move. */
  moves(connections: OpenConnections): boolean {
    return !this.#ended && this.#settings.candidates.groups.some((group) => group.connections === connections)
  }

  /** Takes the child's answer about a connection. */
  heard(message: ToParent): void {
    if (message.type !== 'connection taken' && message.type !== 'connection refused') return
    if (message.id === this.#onItsWay?.id) this.#onItsWay.answer(message.type === 'connection taken')
  }

  /** Moves no more; `done` resolves when the child has answered for the one on its way. */
  stop(): void {
    this.#ended = true
    this.#readOnHeld()
    this.#wake()
  }

  /**
   * The same, when the child is gone *and* all that it said has been heard: it says that it has taken a connection
   * before it reads from it, so one without an answer is untouched and still ours.
   */
  childEnded(): void {
    this.stop()
    this.#onItsWay?.answer(false)
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      this.#hold()
      const next = this.#held.shift()
      if (next === undefined && performance.now() - this.#begun >= this.#settings.duration) this.#endSweep()
      if (next !== undefined) await this.#move(next)
      else if (this.#settings.candidates.isAnyLeft) await this.#somethingToHappen()
      else break
    }
    this.#endSweep()
    for (const stop of this.#stopWatching) stop()
  }

  async #move(held: Candidate): Promise<void> {
    const { group, socket, handle } = held
    if (socket.destroyed) return
    const taken = await this.#offer(held)
    // Asked once, a socket knows its addresses after its end too, as hooks that run after the response expect.
    void [socket.remoteAddress, socket.localAddress]
    if (!taken) {
      this.#settings.candidates.refuse(group)
      this.#readOnHeld()
    }
    if (taken && this.#release(held)) this.#migrated++
    else if (!socket.destroyed) readOn(handle)
  }

  /** Gives up what the child has taken. A WebSocket may be in use again: the app writes when it likes. */
  #release({ group, socket }: Candidate): boolean {
    const { upgraded, send } = this.#settings
    if (!group.connections.isUpgraded(socket)) {
      // Closes this process's descriptor; no FIN, no shutdown: libuv, uv__stream_close.
      socket.destroy()
      return true
    }
    const isReleased = upgraded.release(socket)
    send({ type: isReleased ? 'connection released' : 'connection kept', id: this.#lastId }).catch(() => {})
    return isReleased
  }

  async #offer({ group, socket, handle }: Candidate): Promise<boolean> {
    const id = ++this.#lastId
    const { send } = this.#settings
    const begun = performance.now()
    const patience = setTimeout(() => this.#stall(id), PATIENCE)
    const taken = await new Promise<boolean>((answer) => {
      this.#onItsWay = { id, socket, answer }
      const upgrade = group.connections.isUpgraded(socket) ? this.#settings.upgraded.upgradeOf(socket) : undefined
      const message = { type: 'connection', id, index: group.index, upgrade, ...this.#lifeOf(socket) } as const
      send(message, handle).catch(() => answer(false))
    })
    clearTimeout(patience)
    this.#roundTrip = performance.now() - begun
    this.#onItsWay = undefined
    this.#stalled = false
    return taken
  }

  #lifeOf(socket: Socket): { used: boolean; timeLeft: number } {
    const timeLeft = this.#settings.timeLeft(socket)
    return { used: socket.bytesRead > 0 || timeLeft !== undefined, timeLeft: timeLeft ?? socket.timeout ?? 0 }
  }

  /**
   * The child is busy, or the system had no descriptor left for it: then Node drops the message without a word
   * (NODE_HANDLE_NACK in lib/internal/child_process.js). A message behind the handle lets the child say so.
   */
  #stall(id: number): void {
    this.#stalled = true
    this.#endSweep()
    this.#readOnHeld()
    this.#settings.send({ type: 'connection sent', id }).catch(() => this.childEnded())
  }

  #readOnHeld(): void {
    for (const { socket, handle } of this.#held.splice(0)) if (!socket.destroyed) readOn(handle)
  }

  /** Stops reading on the next idle connections, in the same tick in which they are found to be idle. */
  #hold(): void {
    if (this.#ended || this.#stalled) return
    const elapsed = performance.now() - this.#begun
    const allowed = allowance(elapsed, this.#settings.duration, this.#total) - this.#migrated - (this.#onItsWay ? 1 : 0)
    const most = Math.max(1, Math.min(MOST_HELD, LONGEST_HOLD / this.#roundTrip))
    while (this.#held.length < Math.min(Math.floor(most), allowed)) {
      const candidate = this.#settings.candidates.next((socket) => this.#isKnown(socket))
      if (candidate === undefined) return
      stopReading(candidate.handle)
      this.#held.push(candidate)
    }
  }

  #isKnown(socket: Socket): boolean {
    return socket === this.#onItsWay?.socket || this.#held.some((held) => held.socket === socket)
  }

  #somethingToHappen(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_INTERVAL)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** In the next tick Node has let go of the response, and the client's next request has not been read yet. */
  readonly #onFinish = (): void => {
    if (this.#lookScheduled) return
    this.#lookScheduled = true
    process.nextTick(() => {
      this.#lookScheduled = false
      this.#hold()
      if (this.#held.length > 0) this.#wake()
    })
  }
}

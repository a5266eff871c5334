import diagnosticsChannel from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setImmediate as nextTurnOfLoop } from 'node:timers/promises'
import { readOn, stopReading } from '../internals/connection-handle.js'
import type { GiverOutcome } from '../protocol/connection.js'
import type { FromTaker } from '../protocol/connection-messages.js'
import type { Candidate, Candidates } from './candidates.js'
import { Departure, type Passage } from './departure.js'
import { LONGEST_HOLD, mostHeld, nextLook, type Progress } from './pace.js'
import type { Connections } from './tracker.js'

/** The settings of a migration. */
export interface MigrationSettings extends Passage {
  candidates: Candidates
  /** Whether connections may still come here from this process's own parent, to move on. */
  expectsMore(): boolean
  /** One has moved. */
  moved?: () => void
  /** Within which time to move everything that is idle, evenly. Milliseconds; 0: at once. */
  duration: number
}

/**
 * How long a child may take with those on their way. Then the parent sends a question, and reads on from the other
 * connections that wait. Milliseconds.
 */
const ANSWER_LIMIT = 50
/**
 * How long it may then be silent, beyond the duration, before the connection is left to it and no other one moves: by
 * then a child that fails its probation has been killed, and the connection is the parent's again. Milliseconds.
 */
const SILENCE_LIMIT = 30_000

/**
 * Moves the open connections of this process to another one, its child or its parent: the idle ones evenly over a time,
 * the busy ones, once their turn has come, as soon as they fall idle. Until it moves, a connection is served as ever.
 * Those that may move at one time are on their way together, and the other process answers them together.
 */
export class Migration {
  /** Resolves when nothing is left that could move and nothing more will come, or the migration was ended. */
  readonly done: Promise<void>
  /** Resolves when the duration is over and what was idle then has moved, or the child keeps a connection waiting. */
  readonly swept: Promise<void>
  readonly #settings: MigrationSettings
  readonly #begun = performance.now()
  readonly #total: number
  readonly #stopWatching: Array<() => void> = []
  /** The connections that the child has not answered yet. */
  readonly #departures = new Map<number, Departure>()
  #held: Candidate[] = []
  readonly #onTheirWay = new Map<Socket, Departure>()
  #migrated = 0
  #lastId = 0
  /** How long the child took for each of the last ones. Milliseconds; the first one is alone. */
  #roundTrip = LONGEST_HOLD
  #stalled = false
  #ended = false
  #isOver = false
  /** On which something has ended in this tick. */
  #finished: Socket[] = []
  #wake: () => void = () => {}
  #endSweep!: () => void

  constructor(settings: MigrationSettings) {
    this.#settings = settings
    const { groups } = settings.candidates
    settings.candidates.lookAtAll()
    this.#total = groups.reduce((sum, { connections }) => sum + connections.size, 0)
    // Node publishes it when it has handed a response to the kernel, also one that had begun before anyone subscribed:
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

  /** Whether the child keeps a connection waiting. */
  get isStalled(): boolean {
    return this.#stalled
  }

  /** Whether connections still move: it was not stopped, and {@link done} has not resolved. */
  get isRunning(): boolean {
    return !this.#ended && !this.#isOver
  }

  /** Whether these connections are among those that move. */
  moves(connections: Connections): boolean {
    return !this.#ended && this.#settings.candidates.includes(connections)
  }

  /** Takes the other process's answer about a connection. */
  heard(message: Exclude<FromTaker, { type: 'connections closed' }>): void {
    const isTaken = message.type === 'connection taken'
    const { others = [], noted } = isTaken ? message : { noted: false }
    for (const id of [message.id, ...others]) {
      const departure = this.#departures.get(id)
      departure?.answered(isTaken, noted)
      if (departure?.isForgotten) this.#departures.delete(id)
    }
  }

  /** A connection could move now, in the tick in which it has come: nothing has been read from it yet. */
  look(socket: Socket): void {
    if (this.#room <= 0) return
    this.#settings.candidates.suggest(socket)
    this.#hold()
    if (this.#held.length > 0) this.#wake()
  }

  /** Moves no more; `done` resolves when the child has answered for those on their way. */
  stop(): void {
    this.#ended = true
    this.#readOnHeld()
    for (const departure of this.#onTheirWay.values()) departure.stop()
    this.#wake()
  }

  /**
   * The same, when the other process is gone *and* this one has read all its messages; or when it cannot be reached any
   * more.
   */
  otherGone(isOutOfReach: boolean): void {
    this.stop()
    for (const departure of this.#departures.values()) departure.otherGone(isOutOfReach)
    this.#departures.clear()
  }

  async #run(): Promise<void> {
    // Requests that came while the child took over are answered first.
    await nextTurnOfLoop()
    while (!this.#ended) {
      this.#hold()
      const next = this.#held.splice(0).filter(({ socket }) => !socket.destroyed)
      const isLooking = this.#settings.candidates.isLooking && this.#room > 0
      if (next.length > 0) await this.#moveTogether(next)
      else if (isLooking) await nextTurnOfLoop()
      else if (this.#settings.candidates.isAnyLeft || this.#settings.expectsMore()) await this.#somethingToHappen()
      else break
    }
    this.#isOver = true
    this.#endSweep()
    for (const stop of this.#stopWatching) stop()
  }

  async #moveTogether(candidates: readonly Candidate[]): Promise<void> {
    const begun = performance.now()
    const rest = (index: number) => candidates.length - 1 - index
    await Promise.all(candidates.map((candidate, index) => this.#move(candidate, rest(index))))
    this.#stalled = false
    this.#roundTrip = (performance.now() - begun) / candidates.length
  }

  async #move(candidate: Candidate, rest: number): Promise<void> {
    const outcome = await this.#depart(candidate, rest)
    if (outcome === 'moved') this.#moved()
    else if (outcome === 'abandoned') this.stop()
    else if (outcome === 'refused') {
      this.#settings.candidates.refuse(candidate.group)
      this.#readOnHeld()
    }
  }

  #moved(): void {
    this.#migrated++
    this.#settings.moved?.()
  }

  async #depart(candidate: Candidate, rest: number): Promise<GiverOutcome> {
    const id = ++this.#lastId
    const patience = { answer: ANSWER_LIMIT, limit: this.#settings.duration + SILENCE_LIMIT }
    const departure = new Departure({ id, rest }, candidate, this.#settings, patience, () => this.#stall())
    this.#onTheirWay.set(candidate.socket, departure)
    this.#departures.set(id, departure)
    const outcome = await departure.outcome
    if (departure.isForgotten) this.#departures.delete(id)
    this.#onTheirWay.delete(candidate.socket)
    return outcome
  }

  /** The child is busy, or has no descriptor left. */
  #stall(): void {
    this.#stalled = true
    this.#endSweep()
    this.#readOnHeld()
  }

  #readOnHeld(): void {
    for (const { socket, handle } of this.#held.splice(0)) if (!socket.destroyed) readOn(handle)
  }

  /** Stops reading on the next idle connections, in the same tick in which they are found to be idle. */
  #hold(): void {
    const most = this.#room
    while (this.#held.length < most) {
      const candidate = this.#settings.candidates.next((socket) => this.#isKnown(socket))
      if (candidate === undefined) return
      stopReading(candidate.handle)
      this.#held.push(candidate)
    }
  }

  /** How many connections may wait for their turn now. */
  get #room(): number {
    return this.#ended || this.#stalled ? 0 : mostHeld(this.#progress)
  }

  get #progress(): Progress {
    return {
      elapsed: performance.now() - this.#begun,
      duration: this.#settings.duration,
      total: this.#total,
      migrated: this.#migrated,
      onItsWay: this.#onTheirWay.size,
      roundTrip: this.#roundTrip
    }
  }

  #isKnown(socket: Socket): boolean {
    return this.#onTheirWay.has(socket) || this.#held.some((held) => held.socket === socket)
  }

  #somethingToHappen(): Promise<void> {
    const progress = this.#progress
    if (progress.elapsed >= progress.duration) this.#endSweep()
    // One moves sooner if its response ends.
    const wait = nextLook(progress)
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#settings.candidates.lookAtAll()
        resolve()
      }, wait)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** In the next tick Node has let go of the response, and the client's next request has not been read yet. */
  readonly #onFinish = (message: unknown): void => {
    this.#finished.push((message as { socket: Socket }).socket)
    if (this.#finished.length > 1) return
    process.nextTick(() => {
      for (const socket of this.#finished.splice(0)) this.look(socket)
    })
  }
}

import type { ScaleInProgress } from '../control/http.js'
import type { RestartStatus, ScaleResult } from '../control/reports.js'
import { toPlainError } from '../errors.js'
import type { Counts } from '../metrics/counts.js'
import { Callers } from '../process/callers.js'
import type { Ending, SpawnCommand } from '../process/channel-process.js'
import {
  acceptingOf,
  currentOf,
  isLast,
  isServing,
  type Roll,
  type ServerId,
  type WorkerId
} from '../protocol/launcher.js'
import { formerOf } from '../protocol/launcher-former-servers.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import type { WorkerCount } from '../protocol/worker-count.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { whenHeard } from '../util/deadline.js'
import { deferred } from '../util/deferred.js'
import { Balancer } from './balancer.js'
import { Effects, type Parts, type WorkersEvents } from './effects.js'
import { type HeldListener, HeldListeners } from './held-listeners.js'
import { LauncherHost } from './launcher-host.js'
import { SILENCE } from './limits.js'
import { Restarts } from './restarts.js'
import { scalePosition } from './scale-position.js'
import type { Server, ServerSettings } from './server.js'
import { Servers } from './servers.js'

/** How often the launcher checks whether each server answers. Milliseconds. */
const PING_INTERVAL = 1000

/** A server process as one of a worker. */
export interface Member {
  /** The place of the worker among the others, from 0 on; -1: the worker is no longer there. */
  readonly place: number
  readonly server: Server
  /** It is the one that stands for the worker: it serves, or did so last. */
  readonly isCurrent: boolean
  readonly isAccepting: boolean
}

/**
 * All workers of a launcher: servers that accept on the same sockets. The decisions about them are in
 * `lib/protocol/launcher.ts`.
 */
export class Workers {
  readonly #held: HeldListeners
  readonly #servers: Servers
  readonly #restarts = new Restarts()
  readonly #callers = new Callers<ReloadResult | ScaleResult>()
  readonly #host: LauncherHost
  readonly #end = deferred<Ending>()
  readonly #pulse = setInterval(() => this.#ping(), PING_INTERVAL)
  readonly #spread = new Balancer(() => this.#accepting)
  /** Servers know about others: they must also learn when these are gone. */
  #isSpread = false

  /**
   * @param inherited - listening sockets for the first server to adopt, and what every server needs of what this
   *   process inherited
   * @param shared - where the launcher answers, and whether it watches the files of the app
   */
  constructor(
    command: SpawnCommand,
    count: number,
    inherited: { listeners: readonly HeldListener[]; own: ServerSettings['own'] },
    shared: Pick<ServerSettings, 'control' | 'isWatched'>,
    events: WorkersEvents
  ) {
    this.#held = new HeldListeners(inherited.listeners)
    this.#servers = new Servers(
      command,
      this.#held,
      { ...shared, own: inherited.own },
      {
        input: (input) => this.#host.tell(input),
        closed: () => this.#update(),
        asked: (server, id, reason) => void this.#answerServer(server, id, reason),
        counted: (...word) => this.#spread.heard(...word),
        loads: events.loads,
        foreign: events.foreign
      }
    )
    const parts: Parts = {
      host: new LauncherHost(count, shared.isWatched, new Effects(() => parts)),
      servers: this.#servers,
      held: this.#held,
      callers: this.#callers,
      restarts: this.#restarts,
      events,
      rested: () => this.#update(),
      ended: (ending) => this.#end.resolve(ending)
    }
    this.#host = parts.host
  }

  /** Resolves, with the end of the last server, when none is left. */
  get ended(): Promise<Ending> {
    return this.#end.promise
  }

  /** Starts the first worker; the others follow when it serves. */
  start(): void {
    this.#host.tell({ type: 'start' })
  }

  /**
   * Reloads all workers. If a reload is in progress, one more follows it, however many callers have requested one.
   *
   * @returns the result of the first worker; with several workers, those of all of them as `workers`
   */
  reload(reason: string): Promise<ReloadResult> {
    const [ask, outcome] = this.#callers.add()
    this.#host.tell({ type: 'reload', ask, reason })
    return outcome as Promise<ReloadResult>
  }

  /** How many workers there are; new ones that have yet to serve are among them. */
  get count(): number {
    return this.#host.state.workers.length
  }

  /**
   * Changes the number of workers. If a reload or another change is in progress, this one follows it.
   *
   * @returns the outcome, and a function that returns how far the change is by now
   */
  scale(wanted: WorkerCount, reason: string): ScaleInProgress {
    const [ask, outcome] = this.#callers.add()
    const asked = performance.now()
    this.#host.tell({ type: 'scale', ask, reason, wanted })
    return {
      outcome: outcome as Promise<ScaleResult>,
      position: () => {
        const place = scalePosition(this.#host.state, ask, this.#servers)
        return place && { ...place, reason, elapsed: Math.round(performance.now() - asked) }
      }
    }
  }

  /** Lets the servers finish what they have in progress, and starts no other ones. The second stop forces. */
  stop(signal: NodeJS.Signals): void {
    this.#host.tell({ type: 'stop', signal })
  }

  force(reason: string): void {
    this.#host.tell({ type: 'force', reason })
  }

  /** Passes a signal on that means nothing to us. */
  forward(signal: NodeJS.Signals): void {
    this.#host.tell({ type: 'forward', signal })
  }

  /** The server of each worker that has had one: the one that serves, or did so last. */
  get current(): Server[] {
    return this.#host.state.workers.flatMap(({ current }) => this.#servers.find(current) ?? [])
  }

  /**
   * The process of each worker that serves its clients, or did so last: within a probation the successor. `restarts`:
   * how often the launcher has started another one there, and how the last one ended.
   */
  get places(): Array<{ id: WorkerId; server: Server; restarts: RestartStatus }> {
    return this.#host.state.workers.flatMap(({ id, current, next }) => {
      const accepting = acceptingOf(this.#host.state, id)?.id
      const server = this.#servers.find(accepting) ?? this.#servers.find(current)
      return server === undefined ? [] : [{ id, server, restarts: this.#restarts.of(id, next === 'pausing') }]
    })
  }

  /** All processes that live, or stand for a worker. */
  get members(): Member[] {
    const { state } = this.#host
    return state.servers.flatMap(({ id, worker }) => {
      const server = this.#servers.find(id)
      const place = state.workers.findIndex((one) => one.id === worker)
      const isCurrent = state.workers[place]?.current === id
      if (server === undefined || !(server.isAlive || isCurrent)) return []
      return [{ place, server, isCurrent, isAccepting: acceptingOf(state, worker)?.id === id }]
    })
  }

  /** The counts of all processes, including ended ones. */
  get counts(): Counts {
    return this.#servers.counts
  }

  /** Tells all servers something. */
  tell(message: FromLauncher): void {
    for (const { server } of this.members) if (server.isAlive) server.tell(message)
  }

  /** Servers that have served and are not that of a worker; of each, whether it is certain that it leaves. */
  get former(): Array<{ server: Server; leaves: boolean }> {
    return formerOf(this.#host.state).flatMap(({ id, leaves }) => {
      const server = this.#servers.find(id)
      return server === undefined ? [] : [{ server, leaves }]
    })
  }

  /** The reload that follows the one in progress. */
  get queued(): { reason: string } | null {
    const { queued } = this.#host.state
    return queued === undefined ? null : { reason: queued.reason }
  }

  /** The reload of all of them that is in progress. */
  get roll(): Roll | undefined {
    return this.#host.state.roll
  }

  /** A server by its number, if it is still spoken of. */
  find(id: ServerId | undefined): Server | undefined {
    return this.#servers.find(id)
  }

  /** Calls back whenever something has been decided, until the returned function is called. */
  onChange(callback: () => void): () => void {
    return this.#host.onRested(callback)
  }

  /** Whether they stop, or have ended. */
  get areLeaving(): boolean {
    return this.#host.state.phase !== 'running'
  }

  /** The servers that serve, have no reload in progress, and answer. */
  get answering(): Server[] {
    return this.serving.filter(({ owesAnswer }) => owesAnswer < SILENCE)
  }

  /** The servers that serve. */
  get serving(): Server[] {
    return this.#host.state.workers.flatMap(({ id }) => {
      const server = currentOf(this.#host.state, id)
      return isServing(server) ? (this.#servers.find(server.id) ?? []) : []
    })
  }

  /** Closes what the servers have left open. */
  dispose(): void {
    clearInterval(this.#pulse)
    this.#held.dispose()
  }

  /** A server passes on the request for a reload. */
  async #answerServer(server: Server, id: number, reason: string): Promise<void> {
    try {
      server.tell({ type: 'reload answered', id, result: await this.reload(reason) })
    } catch (error) {
      server.tell({ type: 'reload refused', id, error: toPlainError(error) })
    }
  }

  /** The servers that accept, and answer. */
  get #accepting(): Server[] {
    return this.#host.state.workers.flatMap(({ id }) => {
      const server = acceptingOf(this.#host.state, id)
      return server === undefined || server.isSilent ? [] : (this.#servers.find(server.id) ?? [])
    })
  }

  #ping(): void {
    for (const { id, stage } of this.#host.state.servers) {
      const server = stage === 'serving' ? this.#servers.find(id) : undefined
      if (server === undefined || server.ping() < SILENCE) continue
      // After a stall of this process, what the server has said meanwhile is read first.
      whenHeard(() => {
        if (server.ping() >= SILENCE) this.#host.tell({ type: 'silent', server: id })
      })
    }
  }

  /**
   * Keeps what follows from the state: which sockets are held, how connections spread, which processes are still spoken
   * of.
   */
  #update(): void {
    const { workers, servers } = this.#host.state
    if (isServing(currentOf(this.#host.state, 0))) this.#held.settle()
    const ids = workers.map(({ id }) => id)
    this.#held.keep(ids)
    this.#restarts.keep(ids)
    for (const worker of workers) {
      const server = currentOf(this.#host.state, worker.id)
      if (isServing(server) || isLast(this.#host.state, worker))
        this.#held.need(worker.id, this.#servers.find(server?.id)?.listeners ?? [])
    }
    this.#servers.keep(servers.map(({ id }) => id))
    this.#held.sweep(this.#servers.listeners)
    this.#isSpread ||= this.count > 1
    if (this.#isSpread) this.#spread.update()
  }
}

import type { ScaleInProgress } from '../control/http.js'
import type { ScaleResult } from '../control/reports.js'
import { toPlainError } from '../errors.js'
import { Callers } from '../process/callers.js'
import type { Ending, SpawnCommand } from '../process/channel-process.js'
import { currentOf, isLast, isServing } from '../protocol/launcher.js'
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
import { Roster } from './roster.js'
import { scalePosition } from './scale-position.js'
import type { Server, ServerSettings } from './server.js'
import { Servers } from './servers.js'

/** How often the launcher checks whether each server answers. Milliseconds. */
const PING_INTERVAL = 1000

/**
 * All workers of a launcher: servers that accept on the same sockets. The decisions about them are in
 * `lib/protocol/launcher.ts`.
 */
export class Workers {
  readonly roster: Roster
  readonly #held: HeldListeners
  readonly #servers: Servers
  readonly #restarts = new Restarts()
  readonly #callers = new Callers<ReloadResult | ScaleResult>()
  readonly #host: LauncherHost
  readonly #end = deferred<Ending>()
  readonly #onMoved = new Set<() => void>()
  readonly #pulse = setInterval(() => this.#ping(), PING_INTERVAL)
  readonly #spread = new Balancer()
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
        moved: () => {
          for (const callback of this.#onMoved) callback()
        },
        counted: (...word) => this.#spread.heard(...word),
        serves: events.serves,
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
    this.roster = new Roster(this.#host, this.#servers, this.#restarts)
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

  /** Tells all servers something. */
  tell(message: FromLauncher): void {
    for (const { server } of this.roster.members) if (server.isAlive) server.tell(message)
  }

  /**
   * Calls back whenever something has been decided, or a server has said how far it is, until the returned function is
   * called.
   */
  onChange(callback: () => void): () => void {
    const stop = this.#host.onRested(callback)
    this.#onMoved.add(callback)
    return () => {
      stop()
      this.#onMoved.delete(callback)
    }
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
    this.#isSpread ||= this.roster.count > 1
    if (this.#isSpread) this.#spread.update(this.roster.accepting)
  }
}

import type { Server } from 'node:net'
import type { Arrivals } from '../connections/arrivals.js'
import { Arrived } from '../connections/arrived.js'
import type { Migration } from '../connections/migration.js'
import { type IsMeant, OwnedConnections } from '../connections/owned.js'
import { Surplus, type SurplusEvents } from '../connections/surplus.js'
import { WebSockets } from '../connections/websockets.js'
import { History } from '../control/history.js'
import { ControlSocket } from '../control/socket.js'
import { Counter } from '../metrics/counter.js'
import { Ledger } from '../metrics/ledger.js'
import { type Load, loadOf } from '../metrics/load.js'
import type { StartChild } from '../reload/child.js'
import type { ClaimedListener } from '../reload/handoff-flag.js'
import type { Command } from '../reload/restart-command.js'
import { spawnChild } from '../reload/spawn.js'
import { ListenCalls } from '../sockets/listen-calls.js'
import { formatAddress } from '../sockets/listener-key.js'
import { type Listener, Listeners } from '../sockets/listeners.js'
import { ticketKeysOf } from '../sockets/tls-tickets.js'
import { ServerNotices } from '../systemd/server-notices.js'
import type { Timers } from '../util/timers.js'
import { toError } from '../util/to-error.js'
import { within } from '../util/within.js'
import type { AppDescriptors } from './descriptors.js'
import { doubtsOf, ignoredOptions } from './doubts.js'
import { ForeignHandlers } from './foreign-handlers.js'
import type { GracefulHooks } from './hooks.js'
import { HostedApp } from './hosted-app.js'
import { loadLaterModules } from './later-modules.js'
import type { LauncherClient } from './launcher-client.js'
import { ProcessLog } from './log.js'
import { PidFile } from './pid-file.js'
import { type ResolvedOptions, resolveOptions } from './resolved-options.js'
import { Surroundings } from './surroundings.js'

/** What the parts of a service report to the code that joins them. */
export interface ServiceEvents {
  claim(key: string): ClaimedListener | undefined
  /** Nobody here listens there, though somebody wants to. */
  leave(key: string): void
  opened(listener: Listener): void
}

/** How this process was started, and by whom. */
export interface Origin {
  readonly command: Command
  /** The descriptors that a child finds at the numbers that the app knows. */
  readonly descriptors: AppDescriptors
  readonly launcher?: LauncherClient | undefined
  readonly timers: Timers
}

/** What this process serves: its apps, its listeners, their connections, and the phase that it is in. */
export class Service {
  readonly command: Command
  readonly events: ServiceEvents
  readonly launcher: LauncherClient | undefined
  /** Those that were there when this package was imported. */
  readonly timers: Timers
  /** How the child of a reload comes to be. */
  readonly startChild: StartChild
  /**
   * How that of a check does: it is a child of this process also under a launcher, which needs to know nothing of a
   * process that never serves.
   */
  readonly startCheck: StartChild
  readonly apps = new Set<HostedApp>()
  readonly listeners: Listeners
  readonly listenCalls: ListenCalls
  readonly generation: number
  /** Whether this process only shows whether it could take over. */
  readonly isCheck: boolean
  /** How long the warm-up of its apps took; undefined without one. Milliseconds. */
  warmupTime: number | undefined
  readonly log: ProcessLog
  /** Under a launcher: the connections that this process has too many. */
  readonly surplus: Surplus | undefined
  /** The connections that other processes, the parent of this one or a child of it, move here. */
  readonly arrivals = new Set<Arrivals>()
  readonly arrived = new Arrived()
  /** The connections that this process moves to its child, once that serves, or back to its parent. */
  migration: Migration | undefined
  readonly webSockets = new WebSockets((warning, error) => this.log.warnOnce(warning, error))
  readonly connections = new OwnedConnections(this.webSockets)
  controlSocket: ControlSocket | undefined
  readonly history = new History()
  readonly counter = new Counter()
  readonly surroundings: Surroundings
  readonly foreignHandlers = new ForeignHandlers((warning) => this.log.warnOnce(warning))
  /** Notices to the service manager. */
  notices = new ServerNotices(this, undefined, false)
  #leader: HostedApp | undefined
  #pidFile: PidFile | undefined
  #stopLoading = () => {}
  #ledger: Ledger | undefined

  /** @param accepting - see {@link Listeners} */
  constructor(
    { command, descriptors, launcher, timers }: Origin,
    generation: number,
    events: ServiceEvents,
    accepting: boolean,
    isCheck = false
  ) {
    this.command = command
    this.events = events
    this.launcher = launcher
    this.timers = timers
    this.startChild = launcher?.startChild ?? spawnChild(descriptors)
    this.startCheck = spawnChild(descriptors, true)
    this.generation = generation
    this.isCheck = isCheck
    this.log = new ProcessLog(generation)
    this.surroundings = new Surroundings(generation, launcher !== undefined)
    const opening = (server: Server, owner: object | undefined) =>
      this.connections.follow(server, owner, isForClients(owner) ? this.counter : undefined)
    const prepare = (owner: object | undefined) => (owner instanceof HostedApp ? owner.prepare() : undefined)
    const opened = (listener: Listener) => {
      this.#tellLauncher(listener)
      events.opened(listener)
    }
    const closed = (listener: Listener) => launcher?.listeners.closed(listener)
    this.surplus = launcher && new Surplus(this.#surplusEvents(launcher))
    this.listeners = new Listeners({ opened, closed }, accepting, launcher === undefined)
    this.listenCalls = new ListenCalls(this.listeners, { claim: events.claim, opening, prepare }, isCheck)
  }

  /**
   * The options that concern the process: those of the app that listened first. Who saves a file again at once does
   * without a probation.
   */
  get options(): ResolvedOptions {
    const options = this.#leader?.options ?? DEFAULTS
    return this.launcher?.isWatching ? { ...options, probation: 0 } : options
  }

  /** The app whose options and log count; undefined before one listens. */
  get leader(): HostedApp | undefined {
    return this.#leader
  }

  /**
   * Makes the first app that listens the one whose options and log count; warns where a later one has other options.
   */
  follow(app: HostedApp): void {
    const { options } = app
    if (this.#leader === undefined) this.log.use(app.app.log)
    for (const doubt of doubtsOf(options)) this.log.warnOnce(doubt)
    if (this.#leader !== undefined) {
      if (this.#leader !== app) for (const doubt of ignoredOptions(app, this.#leader.options)) this.log.warnOnce(doubt)
      return
    }
    this.#leader = app
    if (options.directory !== undefined) this.command.enter(options.directory)
    this.#pidFile = options.pidFile === undefined ? undefined : new PidFile(options.pidFile)
  }

  /**
   * An app listens with the server of another one, as `@fastify/restartable` has it: what is open there is its own from
   * here on, and when the other one closes it is none of that. What concerns the process stays as it is.
   */
  replace(listener: Listener, hosted: HostedApp): void {
    listener.owner = hosted
    this.connections.own(listener.server, hosted)
    this.log.use(hosted.app.log)
    for (const doubt of ignoredOptions(hosted, this.#leader?.options ?? this.options)) this.log.warnOnce(doubt)
  }

  /** How long something may take. Of several apps, the one that needs longest counts. Milliseconds. */
  longest(name: 'drainTimeout' | 'reloadDrainTimeout' | 'closeTimeout' | 'websocketCloseWindow'): number {
    return Math.max(...[...this.apps].map(({ options }) => options[name]), this.options[name])
  }

  /** Runs a hook of all apps whose outcome changes nothing: a failed or hung hook is logged and otherwise ignored. */
  async tellHooks<H extends 'postReload' | 'reloadFailed'>(
    name: H,
    about: Parameters<GracefulHooks[H]>[0]
  ): Promise<void> {
    for (const { hooks } of this.apps) {
      const run = within(hooks.runAll(name, about), this.options.drainTimeout, `the ${name} hooks`)
      const failures = await run.catch((late) => [late])
      for (const thrown of failures) this.log.warn(`a ${name} hook failed: ${toError(thrown).message}`, toError(thrown))
    }
  }

  /** From here on this process is the service: its pid is in the pid file, and the log and the service manager know. */
  serve(): void {
    const limits = { drainTimeout: this.longest('drainTimeout'), closeTimeout: this.longest('closeTimeout') }
    this.launcher?.serves({ ...this.options, ...limits }, this.log.jsonTo)
    this.writePidFile()
    const { generation, addresses: listeners } = this
    this.log.announce('serving', { generation, pid: process.pid, listeners, release: this.command.release })
    this.surroundings.tellReady()
    const { signals } = this.options
    if (signals !== false && signals.reload.length > 0)
      this.surroundings.tellAtStart((warning) => this.log.warn(warning))
    this.#stopLoading = loadLaterModules((error) => this.#cannotLoad(toError(error)))
  }

  /** Where clients find this service. */
  get addresses(): string[] {
    return this.listenersOf(isForClients).map(({ address }) => formatAddress(address))
  }

  /** Whether an owner has connections of clients, and not of those who administer this process. */
  readonly isForClients: IsMeant = isForClients

  /** How many connections of clients are open at the servers of certain owners. */
  countConnections(isMeant: IsMeant = () => true): number {
    return this.connections.count((owner) => isForClients(owner) && isMeant(owner))
  }

  /** The counts of this process and of those around it. */
  get ledger(): Ledger {
    this.#ledger ??= new Ledger(this.counter, () => this.load)
    return this.#ledger
  }

  /** What this process has in progress. */
  get load(): Load {
    return loadOf(this.connections.of(isForClients), this.apps)
  }

  /** This process accepts no further requests for a reload, stop or check. Callers that wait get an answer. */
  closeControlSocket(): void {
    this.listeners.close(this.listenersOf((owner) => !isForClients(owner)))
    this.controlSocket?.hurry()
  }

  /** Under a launcher, the process that does not change is the launcher: it writes its own pid. */
  writePidFile(): void {
    if (this.launcher !== undefined) return
    try {
      this.#pidFile?.write()
    } catch (error) {
      this.log.warn(`the pid file ${this.#pidFile?.path} could not be written`, error as Error)
    }
  }

  /** Nothing is left to do. */
  end(reason: string, exitCode: number): void {
    this.#ledger?.close()
    this.launcher?.counted(this.counter.atEnd)
    this.removePidFile()
    this.log.announce('closed', { reason, pid: process.pid, exitCode })
  }

  /** The service is the parent's again, and so is what stands for it in the file system. */
  disown(): void {
    this.listeners.disown()
    this.#pidFile = undefined
  }

  removePidFile(): void {
    this.#pidFile?.remove()
  }

  /** The options of the app that owns a listener. A server without an app uses those of the process. */
  optionsOf({ owner }: Listener): ResolvedOptions {
    return owner instanceof HostedApp ? owner.options : this.options
  }

  /** The listeners of certain owners. */
  listenersOf(isMeant: IsMeant): Listener[] {
    return this.listeners.open.filter(({ owner }) => isMeant(owner))
  }

  /** Forgets an app that has closed. Returns whether it was the last one. */
  leave(hosted: HostedApp): boolean {
    this.apps.delete(hosted)
    this.connections.forget(hosted)
    if (this.apps.size === 0) this.#stopLoading()
    return this.apps.size === 0
  }

  #cannotLoad(error: Error): void {
    const why = `a file of fastify-graceful-reload cannot be loaded: ${error.message}`
    this.log.warnOnce(`${why}; the plugin keeps trying; until then, reloads and stops may fail`, error)
  }

  #tellLauncher(listener: Listener): void {
    const [keys] = ticketKeysOf(listener.server, 0)
    this.launcher?.listeners.opened(listener, this.listeners.handleOf(listener), keys?.[1])
    this.surplus?.follow(listener.server, listener)
  }

  #surplusEvents(launcher: LauncherClient): SurplusEvents {
    return {
      count: () => this.connections.count(() => true),
      send: (message, handle) => launcher.tellOfConnections(message, handle),
      idOf: (listener) => launcher.listeners.idOf(listener)
    }
  }
}

function isForClients(owner: object | undefined): boolean {
  return !(owner instanceof ControlSocket)
}

const DEFAULTS = resolveOptions({})

import type { Server } from 'node:net'
import { Control } from '../control/handler.js'
import type { ReloadUnderWay } from '../control/messages.js'
import { NotOnProbationError, StoppingError, UnsupportedError } from '../errors.js'
import type { GracefulOptions, ResolvedOptions } from '../options.js'
import { isInRotation, isLeaving, type Phase, phaseOf } from '../protocol/phases.js'
import { begin, canRollBack } from '../protocol/server.js'
import { ChildRole } from '../reload/child-role.js'
import { Conclusion } from '../reload/conclusion.js'
import { LastWords } from '../reload/last-words.js'
import { ParentRole } from '../reload/parent-role.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Supervision } from '../reload/supervision.js'
import { ActivatedListeners } from '../sockets/activated-listeners.js'
import { InheritedListeners } from '../sockets/inherited-listeners.js'
import type { ListenCall } from '../sockets/listen-hook.js'
import { formatAddress } from '../sockets/listener-key.js'
import type { Listener } from '../sockets/listeners.js'
import type { PassedSockets } from '../sockets/socket-activation.js'
import type { ServiceManager } from '../systemd/notify.js'
import { Notices } from '../systemd/server-status.js'
import { deferred } from '../util/deferred.js'
import { type App, Member } from './app.js'
import { Callers } from './callers.js'
import { Effects, type Parts } from './effects.js'
import { Host } from './host.js'
import type { Launcher } from './launcher-channel.js'
import { type Origin, Service } from './service.js'
import { Shutdown } from './shutdown.js'
import { Signals } from './signals.js'

/** How long an app that listens beside itself may take to listen itself. Milliseconds. */
const LISTEN_PAUSE = 1000

/** How this process came to be. */
export interface Start extends Origin {
  /** What the parent left in the environment. */
  readonly flag: string | undefined
  readonly lastWords?: LastWords | undefined
  readonly manager?: ServiceManager | undefined
  /** The sockets of a socket activation. */
  readonly passed?: PassedSockets | undefined
  /** Of a process without a parent: the number of the apps' lives in it. */
  readonly generation: number
}

/**
 * This process as the plugin, its signals and its launcher see it: what they ask becomes an input of the machine. There is one in a
 * process, whatever the number of its apps, since one signal must make one child with the listeners of all of them.
 */
export class ServerProcess {
  readonly #parts: Parts
  readonly #control: Control
  readonly #inherited: InheritedListeners | undefined
  readonly #activated: ActivatedListeners | undefined
  readonly #end = deferred<void>()
  #hasStrangersFlag: boolean
  #supervision: Supervision | undefined
  #signals: Signals | undefined
  /** No app has ever listened, and the last one has closed. */
  #isUnused = false

  /** @throws {BadHandoffError} when this process was started with a handoff that cannot be trusted */
  constructor({ command, launcher, flag, lastWords, manager, passed, generation }: Start) {
    const inherited = InheritedListeners.of(flag)
    this.#hasStrangersFlag = inherited === 'stranger'
    this.#inherited = typeof inherited === 'string' ? undefined : inherited
    const isFirst = this.#inherited === undefined
    const claim = (key: string) => (this.#inherited ?? this.#activated)?.claim(key)
    const opened = (listener: Listener) => this.#opened(listener)
    const service = new Service(
      { command, launcher },
      this.#inherited?.generation ?? generation,
      { claim, opened },
      isFirst
    )
    service.notices = new Notices(service, manager, isFirst)
    this.#end.promise.catch(() => {}) // Whoever stops the process hears of it.
    this.#activated = passed && this.#activation(passed, service)
    this.#parts = this.#join(service, lastWords)
    this.#control = new Control(service, {
      phase: () => this.phase,
      reload: (reason) => this.reload(reason),
      underWay: () => this.#underWay
    })
    if (launcher !== undefined) this.#follow(launcher)
    this.#parts.asChild?.begin()
  }

  /** A server of this process is about to listen. */
  see(call: ListenCall): void {
    this.#service.listeners.see(call)
  }

  get phase(): Phase {
    return this.#isUnused ? 'closed' : phaseOf(this.#host.at)
  }

  /** Whether the last app closes, or has closed, while the process goes on: an app to come needs a new one of these. */
  get isOver(): boolean {
    const { at } = this.#host
    return this.phase === 'closed' || (at.name === 'leaving' && at.cause === 'app closes')
  }

  /** What is known of the WebSockets of this process. */
  get webSockets(): Service['webSockets'] {
    return this.#service.webSockets
  }

  get generation(): number {
    return this.#service.generation
  }

  /**
   * Makes an app one of this process.
   *
   * @param warmup - what there is to do before the app listens
   * @throws {InvalidOptionError}
   */
  enroll(app: App, given: GracefulOptions, warmup?: () => Promise<void>): Member {
    const service = this.#service
    const { asChild } = this.#parts
    const member = new Member(app, given, this.#control.preparation(given, warmup))
    service.members.add(member)
    service.listeners.own(app.server, member)
    if (this.#hasStrangersFlag) {
      this.#hasStrangersFlag = false
      service.warn('FASTIFY_GRACEFUL_RELOAD in the environment was meant for another process and is ignored')
    }
    this.#activated?.tellProblems()
    if (asChild !== undefined) {
      this.#install(member)
      asChild.follow(app)
      asChild.progress()
    }
    return member
  }

  /** The app's `listen` has done all it does. */
  listening(member: Member): void {
    if (member.listening || member.leaving) return
    member.listening = true
    const { asChild } = this.#parts
    if (asChild !== undefined) asChild.progress()
    else this.#host.tell({ type: 'progress', listening: true, complete: true })
  }

  /** A further server of the app listens. Where the app never listens itself, that has to do. */
  listeningBeside(member: Member): void {
    if (!member.listening) setTimeout(() => this.listening(member), LISTEN_PAUSE).unref()
  }

  /** Further servers of an app are handed over like its main one. */
  own(server: Server, member: Member): void {
    this.#service.listeners.own(server, member)
  }

  /**
   * Whether a load balancer shall send requests here. A process that has a successor says so as well: who asks it, on an
   * old connection, means the service, and that goes on.
   */
  isInRotation(member: Member): boolean {
    const { at } = this.#host
    const isSucceeded = at.name === 'leaving' && (at.cause === 'reloaded' || at.cause === 'rolled back')
    return isSucceeded || isInRotation(this.phaseOf(member))
  }

  /** What the app is doing now: one that closes drains, whatever becomes of the process. */
  phaseOf(member: Member): Phase {
    return member.leaving && !isLeaving(this.phase) ? 'draining' : this.phase
  }

  /** The app closes, by itself or with the process. Resolves when it has no work left. */
  async closing(member: Member): Promise<void> {
    if (this.#signals === undefined || member.leaving) return // It never listened, or is being drained with the process.
    const { members } = this.#service
    const isLast = [...members].every((other) => other === member || other.leaving)
    if (!isLast) return this.#parts.shutdown.drainMember(member)
    this.#tellStop('the app closes', 'app closes')
    await this.#parts.shutdown.drained()
  }

  /** The app has closed. Returns whether it was the last one; then this process is as if there never had been a plugin. */
  closed(member: Member): boolean {
    const service = this.#service
    if (!service.leave(member)) return false
    service.closeControlSocket()
    this.#parts.asChild?.release()
    const { at } = this.#host
    const isOwn = at.name !== 'leaving' || at.cause === 'app closes'
    if (isOwn) this.#signals?.uninstall()
    if (this.#signals === undefined) this.#isUnused = true
    else this.#host.tell({ type: 'last app closed' })
    return true
  }

  /** Reloads, or lets one more reload follow the one under way; the newest generation makes it. */
  reload(reason: string): Promise<ReloadResult> {
    const why = this.#service.surroundings.whyNoReload
    if (why !== undefined) return Promise.reject(new UnsupportedError(...why))
    const [ask, outcome] = this.#parts.callers.add()
    this.#host.tell({ type: 'reload', ask, reason })
    return outcome
  }

  /**
   * Gives the service back to the parent, finishes what is under way, and ends the process.
   *
   * @throws {NotOnProbationError}
   */
  rollBack(reason: string): void {
    if (!canRollBack(this.#host.at)) throw new NotOnProbationError()
    this.#host.tell({ type: 'roll back', reason })
  }

  /** Leaves without a successor, and ends the process. */
  stop(reason: string): void {
    this.#signals ??= this.#takeSignals([...this.#service.members][0]?.options.signals ?? false)
    this.#signals.exit(reason)
  }

  get #host(): Host {
    return this.#parts.host
  }

  get #service(): Service {
    return this.#parts.service
  }

  get #underWay(): ReloadUnderWay | undefined {
    const { at } = this.#host
    if (at.name === 'trial') return this.#parts.asChild?.report
    const isReload = at.name === 'reloading' || at.name === 'parent'
    return isReload ? this.#parts.asParent.report(at.reload, at.child) : undefined
  }

  #join(service: Service, lastWords: LastWords | undefined): Parts {
    const host: Host = new Host(
      begin(this.#inherited === undefined ? 'first' : 'successor', service.launcher !== undefined),
      new Effects(() => ({ ...parts, supervision: this.#supervision }))
    )
    const callers = new Callers()
    const shutdown = new Shutdown(service)
    const asParent = new ParentRole(service, host, callers)
    const conclusion = new Conclusion(service, host, callers, asParent)
    const reload = (reason: string) => this.reload(reason)
    const asChild =
      this.#inherited && new ChildRole(service, host, this.#inherited, lastWords ?? new LastWords(), reload)
    if (this.#inherited === undefined) lastWords?.dispose()
    const serves = () => this.#serve()
    const ended = (code: 0 | 1, exits: boolean, error: Error | undefined) => this.#ended(code, exits, error)
    const parts: Parts = {
      host,
      service,
      shutdown,
      callers,
      asParent,
      conclusion,
      asChild,
      supervision: undefined,
      serves,
      ended
    }
    return parts
  }

  #activation(passed: PassedSockets, service: Service): ActivatedListeners {
    return new ActivatedListeners(passed, {
      warn: (warning) => service.warn(warning),
      unclaimed: (listener) => service.announce('unclaimed', listener)
    })
  }

  #follow(launcher: Launcher): void {
    const { service, asChild } = this.#parts
    launcher.attach({
      makeReload: (reason, supervision) => this.#makeReload(reason, supervision),
      fairShare: (count) => {
        if (service.surplus !== undefined) service.surplus.fairShare = count
      },
      connection: (listener, handle) => service.take(listener as Listener | undefined, handle),
      parentEnded: () => asChild?.parentEnded(),
      report: () => this.#control.status(),
      stop: (reason) => this.stop(reason),
      force: (reason) => this.#signals?.force(reason)
    })
  }

  /** Makes the share of this process in a reload that its launcher has begun. */
  #makeReload(reason: string, supervision: Supervision): Promise<ReloadResult> {
    const [ask, outcome] = this.#parts.callers.add()
    this.#supervision = supervision
    supervision.committed.then(() => this.#host.tell({ type: 'commit' }))
    supervision.undone.then((why) => this.#host.tell({ type: 'undo', reason: why }))
    this.#host.tell({ type: 'reload', ask, reason, supervised: true })
    return outcome
  }

  #opened(listener: Listener): void {
    if (listener.owner instanceof Member) this.#install(listener.owner)
    if (listener.index !== undefined) {
      this.#service.announce('adopted', { key: listener.key, address: formatAddress(listener.address) })
    }
    this.#host.tell({ type: 'opened' })
    this.#parts.asChild?.progress()
    this.#activated?.progress()
  }

  /** Nothing is installed before an app listens: an app that only answers to `inject` shall leave no trace. */
  #install(member: Member): void {
    this.#service.follow(member)
    this.#signals ??= this.#takeSignals(member.options.signals)
  }

  #takeSignals(signals: ResolvedOptions['signals']): Signals {
    return new Signals(signals, {
      stop: (reason, error) => this.#stop(reason, error),
      reload: (signal) => this.#reloadFor(signal),
      force: (reason) => this.#host.tell({ type: 'force', reason })
    })
  }

  /** Who sends a signal reads the log. What became of a reload that began is there already. */
  #reloadFor(signal: string): void {
    this.reload(signal).catch((error) => {
      if (error instanceof UnsupportedError || error instanceof StoppingError)
        this.#parts.conclusion.logFailure(signal, error)
    })
  }

  #stop(reason: string, error: Error | undefined): Promise<void> {
    const { service, asChild } = this.#parts
    if (error !== undefined) {
      service.warn('an error that nobody caught ends this process', error)
      asChild?.failedBecause(error)
    }
    this.#tellStop(reason, error === undefined ? 'asked' : 'error')
    return this.#end.promise
  }

  #tellStop(reason: string, cause: 'asked' | 'error' | 'app closes'): void {
    const { notices, options } = this.#service
    const lameDuck = cause === 'asked' && options.lameDuck > 0
    // A service manager ends what is left of a service when its main process ends.
    this.#host.tell({ type: 'stop', reason, cause, lameDuck, awaitsParent: notices.areHeard })
  }

  #ended(code: 0 | 1, exits: boolean, error: Error | undefined): void {
    if (error === undefined) this.#end.resolve()
    else this.#end.reject(error)
    // In the next turn: callers who have just been answered hear of it first.
    if (exits) setImmediate(() => process.exit(code))
  }

  #serve(): void {
    const service = this.#service
    service.serve()
    service.surroundings.keepSignals(this.#signals, (warning) => service.warn(warning))
    service.notices.serving()
  }
}

import type { Server } from 'node:net'
import { Control } from '../control/handler.js'
import type { ReloadUnderWay } from '../control/messages.js'
import { NotOnProbationError, StoppingError, UnsupportedError } from '../errors.js'
import type { GracefulOptions } from '../options.js'
import { isInRotation, isLeaving, type Phase, phaseOf } from '../protocol/phases.js'
import { canRollBack } from '../protocol/server.js'
import { ChildRole } from '../reload/child-role.js'
import { Conclusion } from '../reload/conclusion.js'
import { LastWords } from '../reload/last-words.js'
import { ParentRole } from '../reload/parent-role.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { ActivatedListeners } from '../sockets/activated-listeners.js'
import { InheritedListeners } from '../sockets/inherited-listeners.js'
import type { ListenCall } from '../sockets/listen-hook.js'
import { formatAddress } from '../sockets/listener-key.js'
import type { Listener } from '../sockets/listeners.js'
import type { PassedSockets } from '../sockets/socket-activation.js'
import type { ServiceManager } from '../systemd/notify.js'
import { Notices } from '../systemd/server-status.js'
import { Callers, type Outcome } from './callers.js'
import { Effects } from './effects.js'
import { Envelope } from './envelope.js'
import { Exit } from './exit.js'
import { type App, HostedApp } from './hosted-app.js'
import { linkToLauncher } from './launcher-link.js'
import type { Parts } from './parts.js'
import { PidFile } from './pid-file.js'
import { ServerHost } from './server-host.js'
import { type Origin, Service } from './service.js'
import { Shutdown } from './shutdown.js'

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
 * This process as the plugin sees it: what an app does becomes an input of the machine. There is one in a process, whatever the
 * number of its apps, since one signal must make one child with the listeners of all of them.
 */
export class ServerProcess {
  readonly #parts: Parts
  readonly #exit: Exit
  readonly #control: Control
  readonly #inherited: InheritedListeners | undefined
  readonly #activated: ActivatedListeners | undefined
  #hasStrangersFlag: boolean
  /** No app has ever listened, and the last one has closed. */
  #isUnused = false

  /** @throws {BadHandoffError} when this process was started with a handoff that cannot be trusted */
  constructor({ command, launcher, flag, lastWords, manager, passed, generation }: Start) {
    const inherited = InheritedListeners.of(flag)
    this.#hasStrangersFlag = inherited === 'stranger'
    this.#inherited = typeof inherited === 'string' ? undefined : inherited
    const isFirst = this.#inherited === undefined
    const events = {
      claim: (key: string) => (this.#inherited ?? this.#activated)?.claim(key),
      opened: (listener: Listener) => this.#opened(listener)
    }
    const service = new Service({ command, launcher }, this.#inherited?.generation ?? generation, events, isFirst)
    service.notices = new Notices(service, manager, isFirst)
    this.#activated = passed && this.#activation(passed, service)
    this.#exit = new Exit(
      () => this.#parts,
      (...asked) => this.reload(...asked)
    )
    this.#parts = this.#join(service, lastWords)
    this.#control = new Control(service, {
      phase: () => this.phase,
      reload: (reason) => this.reload(reason),
      underWay: () => this.#underWay
    })
    if (launcher !== undefined) linkToLauncher(launcher, this.#parts, this.#exit, () => this.#control.status())
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
  enroll(app: App, given: GracefulOptions, warmup?: () => Promise<void>): HostedApp {
    const service = this.#service
    const { asChild } = this.#parts
    const hosted = new HostedApp(app, given, this.#control.preparation(given, warmup))
    const { pidFile } = hosted.options
    // A launcher writes the file once, for all generations.
    const isWritten = service.launcher === undefined || asChild === undefined
    if (pidFile !== undefined && isWritten) new PidFile(pidFile).check()
    service.apps.add(hosted)
    service.log.follow(app.log)
    service.listeners.own(app.server, hosted)
    if (this.#hasStrangersFlag) {
      this.#hasStrangersFlag = false
      service.log.warn('FASTIFY_GRACEFUL_RELOAD in the environment was meant for another process and is ignored')
    }
    this.#activated?.tellProblems()
    if (asChild !== undefined) {
      this.#install(hosted)
      asChild.follow(app)
      asChild.progress()
    }
    return hosted
  }

  /** Tells of what is odd, and no reason not to serve. */
  warn(warning: string): void {
    this.#service.log.warn(warning)
  }

  /** The app's `listen` has done all it does. */
  listening(hosted: HostedApp): void {
    if (hosted.listening || hosted.leaving) return
    hosted.listening = true
    const { asChild } = this.#parts
    if (asChild !== undefined) asChild.progress()
    else this.#host.tell({ type: 'progress', listening: true, complete: true })
  }

  /** A further server of the app listens. Where the app never listens itself, that has to do. */
  listeningBeside(hosted: HostedApp): void {
    if (!hosted.listening) setTimeout(() => this.listening(hosted), LISTEN_PAUSE).unref()
  }

  /** Further servers of an app are handed over like its main one. */
  own(server: Server, hosted: HostedApp): void {
    this.#service.listeners.own(server, hosted)
  }

  /**
   * Whether a load balancer shall send requests here. A process that has a successor says so as well: who asks it, on an
   * old connection, means the service, and that goes on.
   */
  isInRotation(hosted: HostedApp): boolean {
    const { at } = this.#host
    const isSucceeded = at.name === 'leaving' && (at.cause === 'reloaded' || at.cause === 'rolled back')
    return isSucceeded || isInRotation(this.phaseOf(hosted))
  }

  /** What the app is doing now: one that closes drains, whatever becomes of the process. */
  phaseOf(hosted: HostedApp): Phase {
    return hosted.leaving && !isLeaving(this.phase) ? 'draining' : this.phase
  }

  /** The app closes, by itself or with the process. Resolves when it has no work left. */
  async closing(hosted: HostedApp): Promise<void> {
    if (!this.#exit.isInstalled || hosted.leaving) return // It never listened, or is being drained with the process.
    const { apps } = this.#service
    const isLast = [...apps].every((other) => other === hosted || other.leaving)
    if (!isLast) return this.#parts.shutdown.drainApp(hosted)
    this.#exit.appCloses()
    await this.#parts.shutdown.drained()
  }

  /** The app has closed. Returns whether it was the last one; then this process is as if there never had been a plugin. */
  closed(hosted: HostedApp): boolean {
    const service = this.#service
    if (!service.leave(hosted)) return false
    service.closeControlSocket()
    this.#parts.asChild?.release()
    const { at } = this.#host
    const isOwn = at.name !== 'leaving' || at.cause === 'app closes'
    if (isOwn) this.#exit.uninstall()
    if (this.#exit.isInstalled) this.#host.tell({ type: 'last app closed' })
    else this.#isUnused = true
    return true
  }

  /** Reloads, or lets one more reload follow the one under way; the newest generation makes it. */
  reload(reason: string, heard?: (outcome: Outcome) => void): Promise<ReloadResult> {
    const why = this.#service.surroundings.whyNoReload
    if (why !== undefined) {
      const error = new UnsupportedError(...why)
      heard?.(error)
      return Promise.reject(error)
    }
    if (this.#isUnused) return Promise.reject(new StoppingError('closed'))
    const [ask, outcome] = this.#parts.callers.add(heard)
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
    this.#exit.stop(reason)
  }

  get #host(): ServerHost {
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
    const inherited = this.#inherited
    const role = inherited === undefined ? 'first' : 'successor'
    const host = new ServerHost(role, service.launcher !== undefined, new Effects(() => parts))
    const callers = new Callers()
    const asParent = new ParentRole(service, host, callers)
    const asChild =
      inherited &&
      new ChildRole(service, host, inherited, lastWords ?? new LastWords(new Envelope(inherited.secret)), (reason) =>
        this.reload(reason)
      )
    if (inherited === undefined) lastWords?.dispose()
    const parts: Parts = {
      host,
      service,
      shutdown: new Shutdown(service),
      callers,
      asParent,
      conclusion: new Conclusion(service, host, callers, asParent),
      asChild,
      serves: () => this.#serve(),
      ended: (...end) => this.#exit.ended(...end)
    }
    return parts
  }

  #activation(passed: PassedSockets, service: Service): ActivatedListeners {
    return new ActivatedListeners(passed, {
      warn: (warning) => service.log.warn(warning),
      unclaimed: (listener) => service.log.announce('unclaimed', listener)
    })
  }

  #opened(listener: Listener): void {
    if (listener.index !== undefined) {
      this.#service.log.announce('adopted', { key: listener.key, address: formatAddress(listener.address) })
    }
    if (listener.owner instanceof HostedApp) {
      this.#install(listener.owner)
      this.#host.tell({ type: 'opened' })
    }
    this.#parts.asChild?.progress()
    this.#activated?.progress()
  }

  /** Nothing is installed before an app listens: an app that only answers to `inject` shall leave no trace. */
  #install(hosted: HostedApp): void {
    this.#service.follow(hosted)
    this.#exit.install(hosted.options.signals)
  }

  #serve(): void {
    this.#service.serve()
    this.#exit.serves()
    this.#service.notices.serving()
  }
}

import type { Server } from 'node:net'
import type { WebSockets } from '../connections/websockets.js'
import { Control } from '../control/handler.js'
import { NotListeningError, NotOnProbationError, UnsupportedError } from '../errors.js'
import type { GracefulOptions, ResolvedOptions } from '../options.js'
import { isInRotation, isLeaving, type Phase } from '../protocol/phases.js'
import { LastWords } from '../reload/last-words.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { Reloads } from '../reload/reloads.js'
import { Succession } from '../reload/succession.js'
import { Activation } from '../sockets/activated-listeners.js'
import { Inheritance } from '../sockets/inherited-listeners.js'
import type { ListenCall } from '../sockets/listen-hook.js'
import { formatAddress } from '../sockets/listener-key.js'
import type { Listener } from '../sockets/listeners.js'
import type { PassedSockets } from '../sockets/socket-activation.js'
import type { ServiceManager } from '../systemd/notify.js'
import { Notices } from '../systemd/server-status.js'
import { type App, Member } from './app.js'
import type { Launcher } from './launcher-channel.js'
import { type Origin, Service } from './service.js'
import { Departure } from './shutdown.js'
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
 * Joins the parts: what a process with this plugin does, whoever asks for it. There is one in a process, whatever the
 * number of its apps, since one signal must make one child with the listeners of all of them.
 */
export class Reloader {
  readonly #service: Service
  #hasStrangersFlag: boolean
  readonly #departure: Departure
  readonly #reloads: Reloads
  readonly #control: Control
  readonly #inheritance: Inheritance | undefined
  readonly #succession: Succession | undefined
  readonly #activation: Activation | undefined
  #signals: Signals | undefined

  /** @throws {BadHandoffError} when this process was started with a handoff that cannot be trusted */
  constructor({ command, launcher, flag, lastWords, manager, passed, generation }: Start) {
    const inheritance = Inheritance.of(flag)
    this.#hasStrangersFlag = inheritance === 'stranger'
    this.#inheritance = typeof inheritance === 'string' ? undefined : inheritance
    const claim = (key: string) => (this.#inheritance ?? this.#activation)?.claim(key)
    const opened = (listener: Listener) => this.#opened(listener)
    this.#service = new Service(
      { command, launcher },
      this.#inheritance?.generation ?? generation,
      { claim, opened },
      this.#inheritance === undefined
    )
    this.#activation =
      passed &&
      new Activation(passed, {
        warn: (warning) => this.#service.warn(warning),
        unclaimed: (listener) => this.#service.announce('unclaimed', listener)
      })
    this.#service.notices = new Notices(this.#service, manager, this.#inheritance === undefined)
    this.#departure = new Departure(this.#service)
    this.#reloads = new Reloads(this.#service, this.#departure, {
      mustWait: () => this.#succession?.isOnProbation === true,
      left: () => void this.#service.answered.then(() => this.#signals?.exit('reloaded'))
    })
    this.#control = new Control(this.#service, {
      reload: (reason) => this.reload(reason),
      underWay: () => this.#succession?.underWay ?? this.#reloads.underWay
    })
    if (this.#inheritance === undefined) lastWords?.dispose()
    else this.#succession = this.#becomeSuccessor(this.#inheritance, lastWords ?? new LastWords())
    if (launcher !== undefined) this.#follow(launcher)
  }

  /** A server of this process is about to listen. */
  see(call: ListenCall): void {
    this.#service.listeners.see(call)
  }

  get phase(): Phase {
    return this.#service.phase
  }

  /** Whether the last app closes, or has closed, while the process goes on: an app to come needs a new reloader. */
  get isOver(): boolean {
    return this.phase === 'closed' || (this.phase === 'draining' && !this.#departure.hasBegun)
  }

  /** What is known of the WebSockets of this process. */
  get webSockets(): WebSockets {
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
    const member = new Member(app, given, this.#control.preparation(given, warmup))
    this.#service.members.add(member)
    this.#service.listeners.own(app.server, member)
    if (this.#hasStrangersFlag) {
      this.#hasStrangersFlag = false
      this.#service.warn('FASTIFY_GRACEFUL_RELOAD in the environment was meant for another process and is ignored')
    }
    this.#activation?.tellProblems()
    if (this.#succession !== undefined) {
      this.#install(member)
      this.#succession.follow(app)
      this.#succession.progress()
    }
    return member
  }

  /** The app's `listen` has done all it does. */
  listening(member: Member): void {
    if (member.listening || member.leaving) return
    member.listening = true
    if (this.#succession !== undefined) this.#succession.progress()
    else if (this.phase === 'starting' && !this.#departure.isStopping) this.#serve()
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
    const isSucceeded = this.#departure.hasBegun && !this.#departure.isStopping
    return isSucceeded || isInRotation(this.phaseOf(member))
  }

  /** What the app is doing now: one that closes drains, whatever becomes of the process. */
  phaseOf(member: Member): Phase {
    return member.leaving && !isLeaving(this.phase) ? 'draining' : this.phase
  }

  /** The app closes, by itself or with the process. Resolves when it has nothing left in hand. */
  async closing(member: Member): Promise<void> {
    if (this.#signals === undefined) return // It never listened.
    const isLast = [...this.#service.members].every((other) => other === member || other.leaving)
    if (!member.leaving && isLast) await this.#reloads.current?.abandon('the app closes')
    await this.#departure.drainMember(member)
  }

  /** The app has closed. Returns whether it was the last one; then this process is as if there never had been a plugin. */
  closed(member: Member): boolean {
    if (!this.#service.leave(member)) return false
    this.#service.closeControlSocket()
    this.#succession?.release()
    if (!this.#departure.hasBegun) {
      this.#signals?.uninstall()
      if (this.#signals === undefined) this.#service.enter('closed')
      else this.#service.end('the app closed', 0)
    }
    return true
  }

  /** See {@link Reloads.ask}. */
  reload(reason: string): Promise<ReloadResult> {
    const why = this.#service.surroundings.whyNoReload
    if (why !== undefined) return Promise.reject(new UnsupportedError(...why))
    if (this.phase === 'starting' && this.#succession === undefined && this.#signals === undefined) {
      return Promise.reject(new NotListeningError())
    }
    return this.#reloads.ask(reason)
  }

  /**
   * Gives the service back to the parent, finishes what is in hand, and ends the process.
   *
   * @throws {NotOnProbationError}
   */
  rollBack(reason: string): void {
    if (this.#succession === undefined) throw new NotOnProbationError()
    this.#succession.rollBack(reason)
    this.#service.launcher?.leaves(false)
    const exit = () => this.#signals?.exit(reason)
    this.#departure.leave(reason, { idle: 'own timeout' }).then(exit, exit)
    this.#reloads.proceed() // Whoever waits for a reload hears that there will be none here.
  }

  /** Leaves without a successor, and ends the process. */
  stop(reason: string): void {
    this.#signals ??= this.#takeSignals([...this.#service.members][0]?.options.signals ?? false)
    this.#signals.exit(reason)
  }

  #follow(launcher: Launcher): void {
    launcher.attach({
      makeReload: (reason, supervision) => this.#reloads.make(reason, supervision),
      fairShare: (count) => {
        if (this.#service.surplus !== undefined) this.#service.surplus.fairShare = count
      },
      connection: (...word) => this.#service.surplus?.heard(...word),
      parentEnded: () => this.#succession?.parentEnded(),
      report: () => this.#control.status(),
      stop: (reason) => this.stop(reason),
      force: (reason) => this.#signals?.force(reason)
    })
  }

  #becomeSuccessor(inheritance: Inheritance, lastWords: LastWords): Succession {
    return new Succession(this.#service, inheritance, lastWords, {
      tookOver: () => this.#serve(),
      parentGone: () => this.#service.notices.parentGone(),
      settled: (isOrphaned) => {
        this.#service.notices.settled(isOrphaned)
        this.#reloads.proceed()
      },
      reload: (reason) => this.reload(reason),
      stop: (reason) => this.stop(reason),
      giveUp: (reason) => this.rollBack(reason)
    })
  }

  #opened(listener: Listener): void {
    if (listener.owner instanceof Member) this.#install(listener.owner)
    if (listener.index !== undefined) {
      this.#service.announce('adopted', { key: listener.key, address: formatAddress(listener.address) })
    }
    this.#succession?.progress()
    this.#activation?.progress()
  }

  /** Nothing is installed before an app listens: an app that only answers to `inject` shall leave no trace. */
  #install(member: Member): void {
    this.#service.follow(member)
    this.#signals ??= this.#takeSignals(member.options.signals)
  }

  #takeSignals(signals: ResolvedOptions['signals']): Signals {
    return new Signals(signals, {
      stop: (reason, error) => this.#stop(reason, error),
      reload: (signal) => void this.reload(signal).catch((err) => this.#reloads.tell(signal, err)),
      force: (reason) => this.#departure.force(reason, this.#reloads.current)
    })
  }

  #stop(reason: string, error: Error | undefined): Promise<void> {
    const stopped = this.#departure.stop(reason, error, this.#reloads.current, this.#succession)
    this.#reloads.proceed() // Whoever waits for a reload hears that there will be none.
    return stopped
  }

  #serve(): void {
    this.#service.serve()
    this.#service.surroundings.keepSignals(this.#signals, (warning) => this.#service.warn(warning))
    this.#service.notices.serving()
    if (this.#succession?.isOnProbation !== true) this.#reloads.proceed()
  }
}

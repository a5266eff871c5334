import type { Server } from 'node:net'
import type { Control } from '../control/handler.js'
import type { GracefulOptions } from '../options.js'
import { isInRotation, isLeaving, type Phase, phaseOf } from '../protocol/phases.js'
import type { ActivatedListeners } from '../sockets/activated-listeners.js'
import { formatAddress } from '../sockets/listener-key.js'
import type { Listener } from '../sockets/listeners.js'
import type { Exit } from './exit.js'
import { type App, HostedApp } from './hosted-app.js'
import type { Parts } from './parts.js'
import { PidFile } from './pid-file.js'
import type { ServerHost } from './server-host.js'
import type { Service } from './service.js'

/** How long an app that listens beside itself may take to listen itself. Milliseconds. */
const LISTEN_PAUSE = 1000

/** The lives of the apps in this process: what an app does becomes an input of the machine. */
export class Apps {
  readonly #parts: Parts
  readonly #exit: Exit
  readonly #control: Control
  readonly #activated: ActivatedListeners | undefined
  readonly #warnings: string[]
  /** No app has ever listened, and the last one has closed. */
  #isUnused = false

  /** @param warnings - to be logged as soon as there is a logger */
  constructor(
    parts: Parts,
    exit: Exit,
    control: Control,
    activated: ActivatedListeners | undefined,
    warnings: string[]
  ) {
    this.#parts = parts
    this.#exit = exit
    this.#control = control
    this.#activated = activated
    this.#warnings = warnings
  }

  /** Whether none has ever listened, and the last one has closed. */
  get areUnused(): boolean {
    return this.#isUnused
  }

  /** What this process is doing now. */
  get phase(): Phase {
    return this.#isUnused ? 'closed' : phaseOf(this.#host.at)
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
    const timed = warmup && (() => this.#timed(warmup))
    const hosted = new HostedApp(app, given, this.#control.preparation(given, timed), () => this.#closing(hosted))
    const { pidFile } = hosted.options
    // A launcher writes the file once, for all generations.
    const isWritten = service.launcher === undefined || asChild === undefined
    if (pidFile !== undefined && isWritten) new PidFile(pidFile).check()
    service.apps.add(hosted)
    service.log.follow(app.log)
    service.listenCalls.own(app.server, hosted)
    for (const warning of this.#warnings.splice(0)) service.log.warn(warning)
    this.#activated?.tellProblems()
    if (asChild !== undefined) {
      this.#install(hosted)
      asChild.follow(app, hosted.options.readyTimeout)
      asChild.progress()
    }
    return hosted
  }

  async #timed(warmup: () => Promise<void>): Promise<void> {
    this.#parts.asChild?.stay()
    const begun = performance.now()
    await warmup()
    this.#service.warmupTime = (this.#service.warmupTime ?? 0) + performance.now() - begun
  }

  /** Whether an app that closes before it listens is of interest: a child waits for all of its apps. */
  get awaitsListening(): boolean {
    return this.#parts.asChild !== undefined
  }

  /** The app's `listen` has done all it does. */
  listening(hosted: HostedApp): void {
    if (hosted.listening || hosted.leaving) return
    hosted.listening = true
    this.#replace(hosted)
    if (!hosted.isCloseSeen) this.#seen(hosted)
    const { asChild } = this.#parts
    if (asChild !== undefined) asChild.progress()
    else this.#host.tell({ type: 'progress', listening: true, complete: true })
  }

  /** Takes the place of the app whose server it listens with, if there is one: nothing was opened. */
  #replace(hosted: HostedApp): void {
    const listener = this.#service.listeners.find(hosted.app.server)
    if (listener === undefined || listener.owner === hosted) return
    this.#service.replace(listener, hosted)
    hosted.seeClose()
  }

  /** A further server of the app listens. Where the app never listens itself, that has to do. */
  listeningBeside(hosted: HostedApp): void {
    if (!hosted.listening) setTimeout(() => this.listening(hosted), LISTEN_PAUSE).unref()
  }

  /** Further servers of an app are handed over like its main one. */
  own(server: Server, hosted: HostedApp): void {
    this.#service.listenCalls.own(server, hosted)
  }

  /**
   * Whether a load balancer should send requests here. A process with a successor also says yes: a client that asks it
   * on an old connection means the service, and that goes on.
   */
  isInRotation(hosted: HostedApp): boolean {
    const { at } = this.#host
    const isSucceeded = at.name === 'leaving' && (at.cause === 'reloaded' || at.cause === 'rolled back')
    return isSucceeded || isInRotation(this.phaseOf(hosted))
  }

  /** What the app is doing now: an app that closes drains, even if the process goes on. */
  phaseOf(hosted: HostedApp): Phase {
    return hosted.leaving && !isLeaving(this.phase) ? 'draining' : this.phase
  }

  /**
   * The app has closed. Returns whether it was the last one; then this process is as if there never had been a plugin.
   */
  closed(hosted: HostedApp): boolean {
    const service = this.#service
    hosted.leaving = true
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

  /** A server of an app, or one beside it, listens. */
  opened(listener: Listener): void {
    if (listener.index !== undefined) {
      this.#service.log.announce('adopted', { key: listener.key, address: formatAddress(listener.address) })
    }
    if (listener.owner instanceof HostedApp) this.#seen(listener.owner)
    this.#parts.asChild?.progress()
    this.#activated?.progress()
  }

  /** An app listens. Bun does not report the listen call, only its result. */
  #seen(hosted: HostedApp): void {
    this.#install(hosted)
    hosted.seeClose()
    this.#host.tell({ type: 'opened' })
  }

  /** The app closes, by itself or with the process. Resolves when it has no work left. */
  async #closing(hosted: HostedApp): Promise<void> {
    if (!this.#exit.isInstalled) return // It never listened.
    if (hosted.leaving) return this.#parts.shutdown.joined()
    const { apps } = this.#service
    const isLast = [...apps].every((other) => other === hosted || other.leaving)
    if (!isLast) return this.#parts.shutdown.drainApp(hosted)
    this.#exit.appCloses()
    await this.#parts.shutdown.drained()
  }

  /** Nothing is installed before an app listens: an app that only answers to `inject` must leave no trace. */
  #install(hosted: HostedApp): void {
    this.#service.follow(hosted)
    this.#exit.install(hosted.options.signals)
  }

  get #host(): ServerHost {
    return this.#parts.host
  }

  get #service(): Service {
    return this.#parts.service
  }
}

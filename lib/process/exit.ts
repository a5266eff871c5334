import { StoppingError, UnsupportedError } from '../errors.js'
import { isExiting } from '../internals/exiting.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { callerOf, isCalled } from '../util/call-site.js'
import { deferred } from '../util/deferred.js'
import { guarded } from '../util/guarded.js'
import { toError } from '../util/to-error.js'
import { within } from '../util/within.js'
import type { Outcome } from './callers.js'
import type { SignalContext } from './hooks.js'
import type { End, Parts } from './parts.js'
import type { ResolvedOptions } from './resolved-options.js'
import { type SignalAction, SignalHooks, signalIn } from './signal-hooks.js'
import { type SignalEvents, Signals } from './signals.js'

/** How long a process that has nothing left to do may take to end by itself. Milliseconds. */
const LINGER = 500

/** A reason to leave. */
const EMPTY = 'the event loop is empty'

/** Reloads, and calls back first when the outcome is known. */
type Reload = (reason: string, heard?: (outcome: Outcome) => void) => Promise<ReloadResult>

/** The ways out of this process: its signals and uncaught errors, its launcher, and the app itself. */
export class Exit {
  readonly #find: () => Parts
  readonly #reload: Reload
  /** Settles when the process may end. The owner of the exit ends it. */
  readonly #end = deferred<void>()
  #signals: Signals | undefined
  #hooks: SignalHooks | undefined
  /** Why this process ends, if it is an error. */
  #error: Error | undefined
  #exitCode: 0 | 1 = 0
  #isOne = false
  #isDry = false

  /**
   * @param find - the parts of this process
   * @param reload - what a reload signal does
   */
  constructor(find: () => Parts, reload: Reload) {
    this.#find = find
    this.#reload = reload
    this.#end.promise.catch(() => {}) // The callers of a stop get the rejection.
  }

  /** Whether this process listens to signals: an app that only answers to `inject` leaves no trace. */
  get isInstalled(): boolean {
    return this.#signals !== undefined
  }

  /** Listens to signals, of the first app that has a say in it. */
  install(signals: ResolvedOptions['signals']): Signals {
    const { foreignHandlers } = this.#find().service
    const events: SignalEvents = {
      around: (context, act) => this.#around(context, act),
      stop: (reason, error) => this.#stop(reason, error),
      isEmpty: () => this.#isEmpty(),
      reload: (signal) => this.#reloadFor(signal),
      force: (reason, error) => this.#forceFor(reason, error),
      ends: () => this.#ends(),
      failsToEnd: (error) => this.#failsToEnd(error)
    }
    this.#signals ??= foreignHandlers.watch(signals, () => new Signals(signals, events, foreignHandlers))
    return this.#signals
  }

  /**
   * Does what the launcher orders this process to do, between the hooks of the signal that the launcher has had, if one
   * has come.
   */
  obey<T>(reason: string, action: SignalAction, act: () => T): T {
    const hooks = this.#signalHooks
    const signal = hooks && signalIn(reason)
    return hooks === undefined || signal === undefined ? act() : hooks.around({ signal, action }, act)
  }

  #around<T>(context: SignalContext, act: () => T): T {
    // Under a launcher, that will order this process to reload.
    const isPassedOn = context.action === 'reload' && this.#find().service.launcher !== undefined
    const hooks = isPassedOn ? undefined : this.#signalHooks
    return hooks === undefined ? act() : hooks.around(context, act)
  }

  /** Undefined where no app has such hooks: nothing is loaded for them then, as all file descriptors may be in use. */
  get #signalHooks(): SignalHooks | undefined {
    const { service } = this.#find()
    if ([...service.apps].some(({ hooks }) => hooks.lookOnAtSignals)) this.#hooks ??= new SignalHooks(service)
    return this.#hooks
  }

  /** Gives every signal back. */
  uninstall(): void {
    this.#signals?.uninstall()
  }

  /**
   * Leaves, and ends the process.
   *
   * @param asOne - others accept on the same sockets and go on, so there is no lame duck
   */
  stop(reason: string, asOne = false): void {
    this.#isOne ||= asOne
    const { service } = this.#find()
    this.install([...service.apps][0]?.options.signals ?? false).exit(reason)
  }

  #forceFor(reason: string, error: Error | undefined): void {
    if (error !== undefined) this.#noteError(error)
    this.#find().host.tell({ type: 'force', reason })
  }

  /** Cuts off everything that is left, and ends the process. */
  force(reason: string): void {
    this.#signals?.force(reason)
  }

  /** The last app closes of its own accord. */
  appCloses(): void {
    this.#tell('the app closes', 'app closes')
  }

  /**
   * Nothing is left to do. A process leaves by running out of work, so that what waits for `beforeExit` has its turn,
   * as telemetry does; one that something keeps alive is ended soon. Others that end the process when they are done
   * have the time of `onClose` hooks.
   */
  async ended({ code, exits, reason }: End, error: Error | undefined): Promise<void> {
    if (exits) {
      if (code === 1) this.#exitCode = code
      // Node has a code of its own for a module that still waits.
      process.exitCode ||= code
      await this.#find().service.launcher?.flushed
      await this.#waitForEnd(reason)
    }
    if (error === undefined) this.#end.resolve()
    else this.#end.reject(error)
    if (exits) this.#endProcess(this.#exitCode)
  }

  async #waitForEnd(reason: string): Promise<void> {
    const { service, shutdown } = this.#find()
    const enders = service.foreignHandlers.enders(service.foreignHandlers.signalIn(reason), this.#error)
    // They end the process at once, and what pino still writes then is lost.
    if (enders.length > 0) await within(service.log.written(), LINGER, 'the log').catch(() => {})
    for (const end of enders) end()
    const limit = enders.length > 0 ? shutdown.closeLimit : LINGER
    await new Promise((resolve) => setTimeout(resolve, limit).unref())
  }

  /**
   * Ends the process now, but not before the launcher has the message that it leaves: it would take the end for a
   * crash.
   *
   * @param code - undefined: that of its end
   */
  exit(code: 0 | 1 | undefined): void {
    const { launcher } = this.#find().service
    if (launcher === undefined) this.#endProcess(code)
    void launcher?.flushed.then(() => this.#endProcess(code))
  }

  /** @param code - 0: that which the app has set, if it has set one */
  #endProcess(code: 0 | 1 | undefined): void {
    try {
      process.exit(code || process.exitCode)
    } catch (error) {
      if (!isExiting()) throw error
      this.#failsToEnd(toError(error))
    }
  }

  /**
   * A listener of `exit` has thrown, and the process still lives. Nothing can be finished any more, as Node has no next
   * tick for it. As without the plugin, the exit code is that of the app's `process.exit()`, or else 1.
   */
  #failsToEnd(err: Error): never {
    const { service, host } = this.#find()
    service.log.announce('uncaught-error', { err })
    process.exit(host.at.name === 'closed' ? process.exitCode || 1 : (process.exitCode ?? 1))
  }

  /** This process serves, and whatever else listens to its signals does so by now. */
  serves(): void {
    const { service } = this.#find()
    service.foreignHandlers.serves()
  }

  /** Something else ends a process that is stopping: the log names what that cuts off, and the exit code is not 0. */
  #ends(): void {
    const { host, service, shutdown } = this.#find()
    const { at } = host
    if (this.#exitCode === 1 || (at.name === 'leaving' && at.failed)) process.exitCode ||= 1
    if (at.name !== 'leaving') return
    const where = callerOf(process.exit)
    const by = where === undefined ? '' : ` at ${where}`
    const how = isCalled(process.exit) ? `process.exit()${by}` : this.#isDry ? EMPTY : 'the end of the process'
    if (shutdown.cutBy(how)) process.exitCode ||= 1
    service.end(at.reason, Number(process.exitCode ?? 0))
  }

  /** A user who sends a signal reads the log. The outcome of a reload that began is there already. */
  #reloadFor(signal: string): void {
    const heard = (outcome: Outcome) => {
      if (outcome instanceof UnsupportedError || outcome instanceof StoppingError)
        this.#find().conclusion.logFailure(signal, outcome)
    }
    this.#reload(signal, heard).catch(() => {})
  }

  #stop(reason: string, error: Error | undefined): Promise<void> {
    if (error !== undefined) {
      this.#error = error
      this.#noteError(error)
      this.#find().asChild?.failedBecause(error)
    }
    this.#tell(reason, error === undefined ? 'asked' : 'error')
    return this.#end.promise
  }

  /** Whatever the process was at, it ends with an error then. */
  #noteError(err: Error): void {
    this.#exitCode = 1
    process.exitCode ||= 1
    this.#find().service.log.announce('uncaught-error', { err })
    // Node writes it only where nobody listens to uncaught errors.
    if (process.report?.reportOnUncaughtException) guarded(() => process.report.writeReport(err))
  }

  /**
   * An app that closes by itself, and waits for what cannot come any more, has no claim to more time. A release that
   * has not come to serve has failed, whatever its code says: nobody may take that for the end of the service.
   */
  #isEmpty(): Promise<void> {
    const { at } = this.#find().host
    this.#isDry = true
    if (at.name === 'leaving' && at.cause === 'app closes') return new Promise(() => {})
    this.#tell(EMPTY, at.name === 'successor' ? 'error' : 'asked')
    return this.#end.promise
  }

  #tell(reason: string, cause: 'asked' | 'error' | 'app closes'): void {
    const { service, host } = this.#find()
    const lameDuck = cause === 'asked' && !this.#isOne && service.options.lameDuck > 0
    // A service manager ends what is left of a service when its main process ends.
    host.tell({ type: 'stop', reason, cause, lameDuck, awaitsParent: service.notices.areHeard })
  }
}

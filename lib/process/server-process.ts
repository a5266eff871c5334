import { Control } from '../control/handler.js'
import { NoCheckError, NotOnProbationError, StoppingError, UnsupportedError } from '../errors.js'
import { type GracefulStats, statsOf } from '../metrics/stats.js'
import type { Phase } from '../protocol/phases.js'
import { canRollBack } from '../protocol/server.js'
import type { CheckResult } from '../reload/check-result.js'
import { ChildRole } from '../reload/child-role.js'
import { Conclusion } from '../reload/conclusion.js'
import { LastWords } from '../reload/last-words.js'
import { ParentRole } from '../reload/parent-role.js'
import { type Relative, Relatives } from '../reload/relatives.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { ActivatedListeners } from '../sockets/activated-listeners.js'
import { InheritedListeners } from '../sockets/inherited-listeners.js'
import type { ListenCall } from '../sockets/listen-hook.js'
import type { Listener } from '../sockets/listeners.js'
import type { PassedSockets } from '../sockets/socket-activation.js'
import type { ServiceManager } from '../systemd/notify.js'
import { ServerNotices } from '../systemd/server-notices.js'
import { Apps } from './apps.js'
import { Callers, type Outcome, type ServerCallers } from './callers.js'
import { drainReport } from './drain-report.js'
import { Effects } from './effects.js'
import { Envelope } from './envelope.js'
import { Exit } from './exit.js'
import { checkInProgress, inProgress } from './in-progress.js'
import { obeyLauncher } from './launcher-orders.js'
import type { Parts } from './parts.js'
import { ServerHost } from './server-host.js'
import { type Origin, Service } from './service.js'
import { Shutdown } from './shutdown.js'

/** How this process came to be. */
export interface Start extends Origin {
  /** The handoff that the parent left in the environment. */
  readonly flag: string | undefined
  readonly lastWords?: LastWords | undefined
  readonly manager?: ServiceManager | undefined
  /** The sockets of a socket activation. */
  readonly passed?: PassedSockets | undefined
  /** Of a process without a parent: the number of the apps' lives in it. */
  readonly generation: number
}

const STRANGER = 'FASTIFY_GRACEFUL_RELOAD in the environment was meant for another process and is ignored'

/**
 * This process as the plugin sees it. There is one of these in a process, whatever the number of its apps, since one
 * signal must make one child with the listeners of all of them.
 */
export class ServerProcess {
  readonly apps: Apps
  readonly #parts: Parts
  readonly #exit: Exit
  readonly #control: Control
  #relatives: Relatives | undefined

  /** @throws {BadHandoffError} when this process was started with a handoff that cannot be trusted */
  constructor({ command, descriptors, launcher, timers, flag, lastWords, manager, passed, generation }: Start) {
    const found = InheritedListeners.of(flag)
    const inherited = typeof found === 'string' ? undefined : found
    const isFirst = inherited === undefined
    const events = {
      claim: (key: string) => (inherited ?? activated)?.claim(key),
      leave: (key: string) => inherited?.leave(key),
      opened: (listener: Listener) => this.apps.opened(listener)
    }
    const service = new Service(
      { command, descriptors, launcher, timers },
      inherited?.generation ?? generation,
      events,
      isFirst,
      inherited?.isCheck === true
    )
    service.notices = new ServerNotices(service, manager, isFirst)
    const activated = passed && activation(passed, service)
    this.#exit = new Exit(
      () => this.#parts,
      (...asked) => this.reload(...asked)
    )
    this.#parts = this.#join(service, inherited, lastWords)
    this.#control = new Control(service, {
      phase: () => this.phase,
      reload: (reason) => this.reload(reason),
      stop: (reason) => this.stop(reason),
      check: (reason) => this.check(reason),
      inProgress: () => inProgress(this.#parts),
      checkInProgress: () => checkInProgress(this.#parts),
      reloads: () => this.#host.state.children,
      onChange: (callback) => this.#host.onRested(callback),
      queued: () => this.#host.state.queued,
      drain: () => drainReport(this.#parts),
      draining: () => this.#around().draining()
    })
    const warnings = found === 'stranger' ? [STRANGER] : []
    this.apps = new Apps(this.#parts, this.#exit, this.#control, activated, warnings)
    if (launcher !== undefined) {
      const makeCheck = (reason: string) => this.check(reason)
      obeyLauncher(launcher, this.#parts, this.#exit, { status: () => this.#control.status(), makeCheck })
    }
    this.#parts.asChild?.begin()
  }

  /** A server of this process is about to listen. */
  see(call: ListenCall): void {
    this.#service.listenCalls.see(call)
  }

  get phase(): Phase {
    return this.apps.phase
  }

  /** Whether the last app closes, or has closed, while the process goes on: an app to come needs a new one of these. */
  get isOver(): boolean {
    const { at } = this.#host
    return this.phase === 'closed' || (at.name === 'leaving' && at.cause === 'app closes')
  }

  /** What is known about the WebSockets of this process. */
  get webSockets(): Service['webSockets'] {
    return this.#service.webSockets
  }

  /** Whether this process is the child of a check, and will end without having served. */
  get isCheck(): boolean {
    return this.#service.isCheck
  }

  get generation(): number {
    return this.#service.generation
  }

  /** The figures of this process, in which an app is in a phase. */
  stats(phase: Phase): GracefulStats {
    return statsOf(this.#service, phase, inProgress(this.#parts) !== undefined)
  }

  /** Warns about doubts that are no reason not to serve. */
  warn(warning: string): void {
    this.#service.log.warn(warning)
  }

  /** Reloads. If a reload is in progress, the newest generation makes one more when that has ended. */
  reload(reason: string, heard?: (outcome: Outcome) => void): Promise<ReloadResult> {
    const why = this.#service.surroundings.whyNoReload
    if (why !== undefined) {
      const error = new UnsupportedError(...why)
      heard?.(error)
      return Promise.reject(error)
    }
    if (this.apps.areUnused) return Promise.reject(new StoppingError('closed'))
    const [ask, outcome] = this.#parts.callers.add(heard as (outcome: Outcome<unknown>) => void)
    this.#host.tell({ type: 'reload', ask, reason })
    return outcome as Promise<ReloadResult>
  }

  /**
   * Lets a child boot as that of a reload would, and end without having served.
   *
   * @throws {UnsupportedError | NoCheckError} as a rejection
   */
  check(reason: string): Promise<CheckResult> {
    const why = this.#service.surroundings.whyNoReload
    if (why !== undefined) return Promise.reject(new UnsupportedError(...why))
    if (this.apps.areUnused) return Promise.reject(new NoCheckError('this process has closed'))
    const [ask, outcome] = this.#parts.callers.add()
    const saves = [...this.#service.apps].some(({ options }) => options.state)
    this.#host.tell({ type: 'check', ask, reason, saves })
    return outcome as Promise<CheckResult>
  }

  /**
   * Gives the service back to the parent, finishes the requests in progress, and ends the process.
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

  #join(service: Service, inherited: InheritedListeners | undefined, lastWords: LastWords | undefined): Parts {
    const role = inherited === undefined ? 'first' : inherited.isCheck ? 'check' : 'successor'
    const host = new ServerHost(role, service.launcher !== undefined, new Effects(() => parts))
    const callers: ServerCallers = new Callers()
    const asParent = new ParentRole(service, host, callers, () => this.#around())
    const asChild =
      inherited &&
      new ChildRole(
        service,
        host,
        inherited,
        lastWords ?? new LastWords(new Envelope(inherited.secret)),
        (reason) => this.reload(reason),
        () => this.#around()
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
      ended: (end, error) => this.#exit.ended(end, error),
      exit: (code) => this.#exit.exit(code)
    }
    return parts
  }

  /** Created on the first request: most processes never get one. */
  #around(): Relatives {
    this.#relatives ??= new Relatives(
      () => this.#neighbours,
      () => (this.#host.at.name === 'leaving' ? this.#control.status() : undefined)
    )
    return this.#relatives
  }

  get #neighbours(): Relative[] {
    const { at } = this.#host
    const { asParent, asChild } = this.#parts
    const current = 'child' in at && at.name !== 'recovered' ? at.child : undefined
    const parent = asChild?.relative
    return [...asParent.successors.formerThan(current), ...(parent === undefined ? [] : [parent])]
  }

  #serve(): void {
    this.#service.serve()
    this.#exit.serves()
    this.#service.notices.serving()
  }
}

function activation(passed: PassedSockets, service: Service): ActivatedListeners {
  return new ActivatedListeners(passed, {
    warn: (warning) => service.log.warn(warning),
    unclaimed: (listener) => service.log.announce('unclaimed', listener)
  })
}

import { longestReload, type ResolvedOptions } from '../process/resolved-options.js'
import { MainProcess } from './main-process.js'
import { describeFailure, type Notice, type ServiceManager } from './notify.js'

/** What a reload may take beyond what its options say, for the steps between. Milliseconds. */
const SLACK = 15_000

/** The service that the notices are about, seen from one of its processes. */
interface Subject {
  readonly generation: number
  readonly options: Pick<ResolvedOptions, 'readyTimeout' | 'probation' | 'health'>
  readonly log: { warn(warning: string, err: Error): void }
}

/** The notices of this process to the service manager. Without one, none. */
export class ServerNotices {
  readonly #service: Subject
  readonly #manager: ServiceManager | undefined
  /** Whether this process is the main one of the service: its end would be that of the service. */
  #isMain: boolean
  #claim: MainProcess | undefined
  #ending: Notice | undefined

  /** @param isMain - false in a child until its probation is over */
  constructor(service: Subject, manager: ServiceManager | undefined, isMain: boolean) {
    this.#service = service
    this.#manager = manager
    this.#isMain = isMain
    if (manager !== undefined)
      manager.onFailure = (error) =>
        service.log.warn(`the service manager could not be notified: ${error.message}`, error)
  }

  /** Whether there is a service manager. */
  get areHeard(): boolean {
    return this.#manager !== undefined
  }

  /** This process serves. One on probation says nothing: its parent is still the main process. */
  serving(): void {
    if (!this.#isMain) {
      if (this.#manager !== undefined) this.#claim = new MainProcess(this.#manager.contact.socket)
      return
    }
    this.#tell({ MAINPID: process.pid, READY: 1, STATUS: this.#status('serving') })
    this.#feedWatchdog()
  }

  /** A reload begins. The watchdog is fed by this process until the reload has succeeded. */
  reloading(): void {
    this.#tell({
      RELOADING: 1,
      MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n),
      EXTEND_TIMEOUT_USEC: microseconds(longestReload(this.#service.options) + SLACK),
      STATUS: this.#status('reloading')
    })
  }

  /** The child accepts, and may still be rolled back. */
  handedOver(): void {
    this.#tell({ STATUS: this.#status('on probation', 1) })
  }

  /**
   * The reload failed, this process serves. Resolves when the service manager knows, which must be before the caller
   * does.
   */
  async reloadFailed(error: Error): Promise<void> {
    this.#tell({ READY: 1, STATUS: `${this.#status('serving')}; ${describeFailure(error)}` })
    await this.flushed()
  }

  /**
   * The reload succeeded: the child is the main process. The service manager must know before the child begins a reload
   * of its own, and before this process ends.
   */
  async reloadSucceeded(child: number): Promise<void> {
    this.#leaveTo(child, { READY: 1, STATUS: this.#status('serving', 1) })
    await this.flushed()
  }

  /** The probation of this process is over. */
  settled(isOrphaned: boolean): void {
    this.#isMain = true
    if (this.#ending !== undefined) this.#tell({ MAINPID: process.pid, ...this.#ending })
    else if (isOrphaned) this.serving()
    else this.#feedWatchdog()
  }

  /** The parent has ended: from now on this process is a child of the service manager. */
  parentGone(): void {
    if (this.#isMain) this.#claim?.confirm()
    else this.#claim?.release()
  }

  /** The service ends with this process, in at most so many milliseconds. */
  stopping(limit: number): void {
    this.#ending = this.#endingWithin(limit)
    if (this.#isMain) this.#tell(this.#ending)
  }

  /** The service ends with the child, which got the stop on its probation. */
  stoppingWith(child: number, limit: number): void {
    if (this.#isMain) this.#leaveTo(child, this.#endingWithin(limit))
  }

  /** Resolves when all notices are sent, or waiting is of no use. */
  async flushed(): Promise<void> {
    await this.#manager?.flushed()
  }

  #endingWithin(limit: number): Notice {
    return { STOPPING: 1, EXTEND_TIMEOUT_USEC: microseconds(limit), STATUS: this.#status('stopping') }
  }

  #leaveTo(child: number, notice: Notice): void {
    this.#isMain = false
    this.#claim?.release()
    this.#manager?.leaveWatchdog()
    this.#tell({ MAINPID: child, ...notice })
  }

  #feedWatchdog(): void {
    if (this.#manager?.contact.isMeant === true || this.#service.generation > 1) this.#manager?.feedWatchdog()
  }

  #tell(notice: Notice): void {
    this.#manager?.tell(notice)
  }

  #status(what: string, later = 0): string {
    return `generation ${this.#service.generation + later}, ${what}`
  }
}

function microseconds(duration: number): number {
  return Math.round(duration * 1000)
}

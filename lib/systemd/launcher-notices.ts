import { stopLimit } from '../launcher/limits.js'
import type { Roster } from '../launcher/roster.js'
import { describeFailure, type Notice, type ServiceManager } from './notify.js'

/** What a reload may take beyond what the app allows for one, for the steps between. Milliseconds. */
const SLACK = 5000

/**
 * The notices of a launcher to the service manager: it is the main process of its service, from the first start to the
 * last stop.
 */
export class LauncherNotices {
  readonly #manager: ServiceManager | undefined
  readonly #roster: Roster
  #isReady = false
  #isStopping = false

  constructor(manager: ServiceManager | undefined, roster: Roster, log: (line: string) => void) {
    this.#manager = manager
    this.#roster = roster
    if (manager !== undefined)
      manager.onFailure = ({ message }) => log(`the service manager could not be notified: ${message}`)
  }

  /** A server serves: the first one of all, or one that is started after a crash. */
  serving(): void {
    if (this.#isStopping) return
    this.#tell({ READY: 1, STATUS: this.#status('serving') })
    if (this.#isReady) return
    this.#isReady = true
    this.#manager?.feedWatchdog(() => this.#isWell())
  }

  reloading(): void {
    this.#tell({
      RELOADING: 1,
      MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n),
      EXTEND_TIMEOUT_USEC: microseconds((this.#service?.times.reload ?? 0) * this.#roster.count + SLACK),
      STATUS: this.#status('reloading')
    })
  }

  /** Reports how a reload ended. Resolves when the notice is sent, or waiting is of no use. */
  async reloaded(error: Error | undefined): Promise<void> {
    const end = error === undefined ? '' : `; ${describeFailure(error)}`
    // systemd extends the watchdog's time as well, until the next notice: src/core/service.c, service_extend_timeout.
    if (!this.#isStopping) this.#tell({ READY: 1, WATCHDOG: 1, STATUS: `${this.#status('serving')}${end}` })
    await this.flushed()
  }

  stopping(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#tell({
      STOPPING: 1,
      EXTEND_TIMEOUT_USEC: microseconds(stopLimit(this.#service) + SLACK),
      STATUS: this.#status('stopping')
    })
  }

  /** Resolves when all notices are sent, or waiting is of no use. */
  async flushed(): Promise<void> {
    await this.#manager?.flushed()
  }

  /** What the app of the first worker has reported. */
  get #service() {
    return this.#roster.current[0]?.service
  }

  /**
   * The watchdog is there for the service: a launcher whose servers hang must send it nothing. A worker that is down
   * does not hang.
   */
  async #isWell(): Promise<boolean> {
    const reports = await Promise.all(
      this.#roster.serving.map(async (server) => (await server.report()) ?? !server.isAlive)
    )
    return reports.every(Boolean)
  }

  #tell(notice: Notice): void {
    this.#manager?.tell(notice)
  }

  #status(what: string): string {
    const { count, current } = this.#roster
    return `generation ${current[0]?.lasting.generation ?? 1}, ${what}${count > 1 ? `, ${count} workers` : ''}`
  }
}

function microseconds(duration: number): number {
  return Math.round(duration * 1000)
}

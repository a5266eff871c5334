import type { Fleet } from '../launcher/fleet.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Notice, ServiceManager } from './notify.js'

/** What a reload may take beyond what the app allows for one, for the steps between. Milliseconds. */
const SLACK = 5000

/** What the service manager hears of a launcher: the main process of its service, from the first start to the last stop. */
export class LauncherNotices {
  readonly #manager: ServiceManager | undefined
  readonly #fleet: Fleet
  #isReady = false
  #isStopping = false

  constructor(manager: ServiceManager | undefined, fleet: Fleet, log: (line: string) => void) {
    this.#manager = manager
    this.#fleet = fleet
    if (manager !== undefined)
      manager.onFailure = ({ message }) => log(`the service manager could not be told: ${message}`)
  }

  /** A server serves: the first one of all, or one that is started after a crash. */
  serving(): void {
    if (this.#isStopping) return
    this.#tell({ READY: 1, STATUS: this.#status('serving') })
    if (this.#isReady) return
    this.#isReady = true
    this.#manager?.feedWatchdog(() => this.#isWell())
  }

  /** Tells how a reload begins and how it ends. Whoever asked for it hears of it afterwards. */
  async reloading(reload: Promise<ReloadResult>): Promise<ReloadResult> {
    this.#tell({
      RELOADING: 1,
      MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n),
      EXTEND_TIMEOUT_USEC: microseconds(this.#times.reload * this.#fleet.workers.length + SLACK),
      STATUS: this.#status('reloading')
    })
    let end = ''
    try {
      return await reload
    } catch (error) {
      const { code = 'Error' } = error as { code?: string }
      end = `; the last reload failed: ${code}`
      throw error
    } finally {
      // systemd extends the watchdog's time as well, until it hears of it again: src/core/service.c, service_extend_timeout.
      if (!this.#isStopping) this.#tell({ READY: 1, WATCHDOG: 1, STATUS: `${this.#status('serving')}${end}` })
      await this.flushed()
    }
  }

  stopping(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#tell({
      STOPPING: 1,
      EXTEND_TIMEOUT_USEC: microseconds(this.#times.stop + SLACK),
      STATUS: this.#status('stopping')
    })
  }

  /** Resolves when all is told, or it is of no use to wait. */
  async flushed(): Promise<void> {
    await this.#manager?.flushed()
  }

  /** What the app allows for. Milliseconds. */
  get #times(): { reload: number; stop: number } {
    return this.#fleet.workers[0]?.current?.service?.times ?? { reload: 0, stop: 0 }
  }

  /** The watchdog is there for the service: it shall hear nothing of a launcher whose servers hang. One that is not there is not one that hangs. */
  async #isWell(): Promise<boolean> {
    const serving = this.#fleet.workers.flatMap(({ current }) => (current?.isServing ? [current] : []))
    const reports = await Promise.all(serving.map(async (server) => (await server.report()) ?? !server.isServing))
    return reports.every(Boolean)
  }

  #tell(notice: Notice): void {
    this.#manager?.tell(notice)
  }

  #status(what: string): string {
    const { workers } = this.#fleet
    const several = workers.length > 1 ? `, ${workers.length} workers` : ''
    return `generation ${workers[0]?.current?.generation ?? 1}, ${what}${several}`
  }
}

function microseconds(duration: number): number {
  return Math.round(duration * 1000)
}

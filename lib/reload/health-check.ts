import type { ResolvedHealthOptions } from '../process/health-options.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import { Deadline } from '../util/deadline.js'
import { toError } from '../util/to-error.js'

/** How long after one check the next begins. Milliseconds. */
const CHECK_PAUSE = 500

/** The apps' own word on whether they are well, while this process is on probation. */
export class HealthCheck {
  readonly #service: Service
  readonly #host: ServerHost
  /** The pause before the next check, or the limit of the one in progress. */
  readonly #wait = new Deadline()

  constructor(service: Service, host: ServerHost) {
    this.#service = service
    this.#host = host
  }

  /** Asks the apps now, and then repeatedly. */
  async begin(): Promise<void> {
    if (this.#checks.length === 0 || !this.#isWanted) return
    const complaint = await Promise.race([this.#ask(), this.#late()])
    if (!this.#isWanted) return
    this.#wait.clear()
    if (complaint !== undefined) this.#host.tell({ type: 'roll back', reason: complaint })
    else this.#wait.set(CHECK_PAUSE, () => void this.begin())
  }

  /** Asks the apps for the last time, for the answer to the parent. */
  async conclude(): Promise<void> {
    this.#wait.clear()
    const complaint = this.#checks.length === 0 ? undefined : await this.#ask()
    this.#host.tell(complaint === undefined ? { type: 'healthy' } : { type: 'roll back', reason: complaint })
  }

  /** Ends the checks. */
  end(): void {
    this.#wait.clear()
  }

  /** Of several apps, the one that needs longest counts. Milliseconds. */
  get timeout(): number {
    return Math.max(0, ...this.#options.map(({ check, checkTimeout }) => (check === undefined ? 0 : checkTimeout)))
  }

  get #isWanted(): boolean {
    const { at } = this.#host
    return at.name === 'trial' && at.stage === 'running'
  }

  get #checks(): Array<() => unknown> {
    return this.#options.flatMap(({ check }) => check ?? [])
  }

  get #options(): ResolvedHealthOptions[] {
    return [...this.#service.apps].flatMap(({ options: { health } }) => (health === false ? [] : [health]))
  }

  async #ask(): Promise<string | undefined> {
    try {
      await Promise.all(this.#checks.map(async (check) => check()))
      return undefined
    } catch (thrown) {
      return `the health check failed: ${toError(thrown).message}`
    }
  }

  #late(): Promise<string> {
    const { timeout } = this
    return new Promise((resolve) => {
      this.#wait.set(timeout, () => resolve(`the health check took longer than ${timeout} ms`))
    })
  }
}

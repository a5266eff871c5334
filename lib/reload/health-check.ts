import { toError } from '../errors.js'
import type { ResolvedHealthOptions } from '../process/health-options.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'

/** How long after one check the next begins. Milliseconds. */
const CHECK_PAUSE = 500

/** The apps' own word on whether they are well, while this process is on probation. */
export class HealthCheck {
  readonly #service: Service
  readonly #host: ServerHost
  /** The pause before the next check, or the limit of the one in progress. */
  #timer: NodeJS.Timeout | undefined

  constructor(service: Service, host: ServerHost) {
    this.#service = service
    this.#host = host
  }

  /** Asks the apps now, and then repeatedly. */
  async begin(): Promise<void> {
    if (this.#checks.length === 0 || !this.#isWanted) return
    const complaint = await Promise.race([this.#ask(), this.#late()])
    if (!this.#isWanted) return
    clearTimeout(this.#timer)
    if (complaint !== undefined) this.#host.tell({ type: 'roll back', reason: complaint })
    else this.#timer = setTimeout(() => void this.begin(), CHECK_PAUSE).unref()
  }

  /** Asks the apps for the last time, for the answer to the parent. */
  async conclude(): Promise<void> {
    clearTimeout(this.#timer)
    const complaint = this.#checks.length === 0 ? undefined : await this.#ask()
    this.#host.tell(complaint === undefined ? { type: 'healthy' } : { type: 'roll back', reason: complaint })
  }

  /** Ends the checks. */
  end(): void {
    clearTimeout(this.#timer)
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
      return `the health check failed: ${messageOf(thrown)}`
    }
  }

  /** The process does not live on for that: it serves. */
  #late(): Promise<string> {
    const { timeout } = this
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, timeout, `the health check took longer than ${timeout} ms`).unref()
    })
  }
}

/** An app can throw a value without a text. */
function messageOf(thrown: unknown): string {
  try {
    return `${toError(thrown).message}`
  } catch {
    return 'it threw what cannot be shown'
  }
}

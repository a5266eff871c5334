import { fromPlainError, OutcomeUnknownError } from '../errors.js'
import { describeEnding, type Ending } from '../process/subprocess.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import type { ReloadResult } from '../reload/reload-result.js'

/** What one worker does in a reload: it makes its own, and its parent leaves when all the others have come as far. */
export class Share {
  /** The child serves, on probation. Rejects as `made` does. */
  readonly handedOver: Promise<void>
  /** The child has outlived its probation. Rejects as `made` does. */
  readonly passed: Promise<void>
  /** The reload is done. Rejects with the error that it failed with. */
  readonly made: Promise<ReloadResult>
  readonly #tell: (message: FromLauncher) => void
  readonly #steps = new Map<ToLauncher['type'], () => void>()
  #isCommitted = false
  #isSpoiled = false
  #isOver = false
  #succeed!: (result: ReloadResult) => void
  #fail!: (error: Error) => void

  /** @param tell - says something to the server that makes the reload */
  constructor(tell: (message: FromLauncher) => void) {
    this.#tell = tell
    this.made = new Promise((resolve, reject) => {
      this.#succeed = resolve
      this.#fail = reject
    })
    const end = () => {
      this.#isOver = true
    }
    this.made.then(end, end) // Whoever waits for one of the three hears of it.
    this.handedOver = this.#step('handed over')
    this.passed = this.#step('passed')
  }

  get isCommitted(): boolean {
    return this.#isCommitted
  }

  /** Whether its server will report that the reload has failed. */
  get isSpoiled(): boolean {
    return this.#isSpoiled
  }

  /** The child has ended or given up, and the server that makes the reload will hear of it before anything that is said later. */
  spoil(): void {
    this.#isSpoiled = true
  }

  heard(message: ToLauncher): void {
    if (message.type === 'reload made') this.#succeed(message.result)
    else if (message.type === 'reload failed') this.#fail(fromPlainError(message.error))
    else this.#steps.get(message.type)?.()
  }

  /** The server that makes the reload has ended, and with it this share. */
  ended(ending: Ending): void {
    this.#fail(new OutcomeUnknownError(`the process that made it ${describeEnding(ending)}`))
  }

  /** The parent may leave. */
  commit(): void {
    this.#isCommitted = true
    this.#tell({ type: 'commit' })
  }

  /** The parent shall come back. One that has failed is left alone: if its parent did not come back, its child serves. */
  undo(reason: string): void {
    if (!this.#isOver) this.#tell({ type: 'undo', reason })
  }

  #step(name: ToLauncher['type']): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#steps.set(name, resolve)
    })
    const step = Promise.race([reached, this.made.then(() => {})])
    step.catch(() => {})
    return step
  }
}

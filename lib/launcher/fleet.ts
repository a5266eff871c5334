import { StoppingError, toPlainError } from '../errors.js'
import type { Ending, SpawnCommand } from '../process/subprocess.js'
import { NextReload } from '../reload/next-reload.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { Spread } from './balancer.js'
import { type HeldListener, HeldListeners } from './held-listeners.js'
import { roll } from './roll.js'
import type { Server, ServerEvents } from './server.js'
import { Worker } from './worker.js'

/** How long no new listener must have come before further workers are started: they inherit what is there then. Milliseconds. */
const LISTEN_PAUSE = 100

/** What a fleet tells. */
export interface FleetEvents {
  /** A server serves, or has ended. */
  changed(): void
  /** A server has said something that is meant for somebody else. */
  said(raw: unknown): void
  /** A reload has begun; whoever asked for it waits for what this returns. */
  reloading(reload: Promise<ReloadResult>): Promise<ReloadResult>
  log(line: string): void
}

/** All workers of a launcher: servers that accept on the same sockets. */
export class Fleet {
  /** Resolves, with the end of the last server, when none is left. */
  readonly ended: Promise<Ending>
  readonly workers: readonly Worker[]
  readonly #command: SpawnCommand
  readonly #events: FleetEvents
  readonly #held = new HeldListeners()
  /** What the service manager has left, until the first server has had the choice. */
  #passed: readonly HeldListener[]
  readonly #next = new NextReload()
  readonly #spread = new Spread(() => this.workers.flatMap(({ accepting }) => accepting ?? []))
  #isReloading = false
  #isStopping = false
  #stopSignal: NodeJS.Signals | undefined
  #growth: NodeJS.Timeout | undefined
  #hasGrown = false
  #end!: (ending: Ending) => void

  /** @param passed - listening sockets for the first server to adopt */
  constructor(command: SpawnCommand, count: number, passed: readonly HeldListener[], events: FleetEvents) {
    this.#command = command
    this.#events = events
    this.#passed = passed
    for (const listener of passed) this.#held.hold(listener)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const workerEvents = {
      listening: (listener: HeldListener) => this.#held.hold(listener),
      asked: (server: Server, id: number, reason: string) => void this.#answer(server, id, reason),
      said: events.said,
      counted: (...word: Parameters<ServerEvents['counted']>) => this.#spread.heard(...word),
      log: events.log,
      inheritance: () => [...new Set([...this.#passed, ...this.workers.flatMap(({ kept }) => kept)])],
      isLastHope: () => !this.workers.some(({ current }) => current?.isServing),
      changed: () => this.#changed()
    }
    this.workers = Array.from({ length: count }, (_, index) => new Worker(index === 0, count === 1, workerEvents))
  }

  /**
   * Starts the first worker; the others follow when it serves.
   *
   * @throws {SpawnFailedError}
   */
  async start(): Promise<void> {
    await this.workers[0]?.start(this.#command, 1)
  }

  /**
   * Reloads all workers. A reload that is asked for while another one runs follows it, once, however many asked for it.
   *
   * @returns the result of the first worker; with several workers, those of all of them as `workers`
   */
  reload(reason: string): Promise<ReloadResult> {
    if (this.#isStopping) return Promise.reject(new StoppingError('stop'))
    if (!this.#isReloading) return this.#reload(reason)
    if (!this.#next.isWaiting)
      this.#events.log(`reload (${reason}): another reload is under way, so one more will follow it`)
    return this.#next.ask(() => this.reload(reason))
  }

  get isReloading(): boolean {
    return this.#isReloading
  }

  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true
    this.#stopSignal = signal
    clearTimeout(this.#growth)
    for (const worker of this.workers) worker.stop(signal)
  }

  /** Passes a signal on that means nothing to us. */
  forward(signal: NodeJS.Signals): void {
    for (const worker of this.workers) worker.forward(signal)
  }

  force(reason: string): void {
    this.#isStopping = true
    for (const worker of this.workers) worker.force(reason)
  }

  /** Closes what the servers have left open. */
  dispose(): void {
    this.#held.keep(new Set())
  }

  async #reload(reason: string): Promise<ReloadResult> {
    this.#isReloading = true
    try {
      return await this.#events.reloading(this.#roll(reason))
    } finally {
      this.#isReloading = false
      this.#next.begin()
    }
  }

  async #roll(reason: string): Promise<ReloadResult> {
    const results = await roll(this.workers, reason, () => this.#isStopping)
    const [first] = results as [ReloadResult]
    return results.length === 1 ? first : { ...first, workers: results }
  }

  async #answer(server: Server, id: number, reason: string): Promise<void> {
    try {
      server.tell({ type: 'reload answered', id, result: await this.reload(reason) })
    } catch (error) {
      server.tell({ type: 'reload refused', id, error: toPlainError(error) })
    }
  }

  #changed(): void {
    // Nobody will be started any more, and who comes when the servers no longer accept shall not wait in vain.
    if (this.#isStopping || this.workers.every(({ isLast }) => isLast)) this.#held.release()
    if (this.workers[0]?.current?.isServing) this.#passed = []
    this.#held.keep(new Set([...this.#passed, ...this.workers.flatMap(({ used }) => used)]))
    if (this.workers[0]?.current?.isServing) this.#grow()
    if (this.workers.length > 1) this.#spread.update()
    this.#events.changed()
    const started = this.workers.filter(({ current }) => current !== undefined)
    const endings = started.flatMap(({ ending }) => ending ?? [])
    if (endings.length < started.length) return
    const last = this.#endingOf(started)
    if (last !== undefined) this.#end(last)
  }

  /** A failure of one of them, if there was any. One that had just been started dies by the signal that it is told to stop with. */
  #endingOf(workers: readonly Worker[]): Ending | undefined {
    const stopped = workers.filter(({ wasDown }) => !wasDown)
    const endings = (stopped.length > 0 ? stopped : workers).flatMap(({ ending }) => ending ?? [])
    const isFailure = ({ exitCode, signal }: Ending) =>
      exitCode !== 0 && (signal === null || signal !== this.#stopSignal)
    return endings.find(isFailure) ?? endings.find(({ exitCode }) => exitCode === 0) ?? endings[0]
  }

  /** An app may listen more than once, and each worker has to inherit all of it. */
  #grow(): void {
    if (this.#hasGrown || this.#isStopping || this.workers.length === 1) return
    clearTimeout(this.#growth)
    this.#growth = setTimeout(() => {
      this.#hasGrown = true
      const generation = this.workers[0]?.current?.generation ?? 1
      for (const worker of this.workers.slice(1))
        worker.start(this.#command, generation).catch((error) => this.#events.log(error.message))
    }, LISTEN_PAUSE)
  }
}

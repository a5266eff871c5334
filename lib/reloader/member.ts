import { setMaxListeners } from 'node:events'
import type { Server } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { GracefulOptions, ResolvedOptions } from '../pure/options.js'
import { resolveOptions } from '../pure/options.js'
import { Holds } from '../resources/holds.js'
import { Hooks } from '../resources/hooks.js'
import { PidFile } from '../resources/pid-file.js'

/** What this plugin needs of a Fastify instance. */
export interface App {
  readonly server: Server
  readonly log: FastifyBaseLogger
  close(): PromiseLike<unknown>
}

/** One app of this process. */
export class Member {
  readonly app: App
  readonly given: GracefulOptions
  readonly options: ResolvedOptions
  readonly hooks = new Hooks()
  readonly holds = new Holds()
  /** The app has been told to listen, and does. */
  listening = false
  /** The app is on its way out, alone or with the process. */
  leaving = false
  readonly #abort = new AbortController()
  readonly #warmup: (() => Promise<void>) | undefined
  #warmUp: Promise<void> | undefined
  #isWarm: boolean

  /**
   * @param warmup - what there is to do before the app listens
   * @throws {InvalidOptionError}
   */
  constructor(app: App, given: GracefulOptions, warmup?: () => Promise<void>) {
    this.app = app
    setMaxListeners(0, this.#abort.signal) // One for each stream that is open.
    this.#warmup = warmup
    this.#isWarm = warmup === undefined
    this.given = given
    this.options = resolveOptions(given)
    if (this.options.pidFile !== undefined) new PidFile(this.options.pidFile).check()
  }

  /** The warm-up of the app, which comes before its first server listens; undefined when there is nothing left to wait for. */
  prepare(): { done: Promise<unknown>; isWanted: () => boolean } | undefined {
    if (this.#isWarm) return undefined
    this.#warmUp ??= this.#runWarmUp()
    return { done: this.#warmUp, isWanted: () => !this.leaving }
  }

  async #runWarmUp(): Promise<void> {
    await this.#warmup?.()
    this.#isWarm = true
  }

  /** Aborts when draining begins. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Ends the streams, and runs the hooks. Returns what they threw; the drain goes on. */
  beginDrain(reason: string): Promise<unknown[]> {
    this.#abort.abort()
    return this.hooks.runAll('drain', { reason })
  }
}

import { setMaxListeners } from 'node:events'
import type { Server } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Router } from '../connections/route-pattern.js'
import { beforeClose, takePreCloseHooks } from '../internals/fastify-hooks.js'
import type { GracefulOptions } from '../options.js'
import { Holds } from './holds.js'
import { Hooks } from './hooks.js'
import { type ResolvedOptions, resolveOptions } from './resolved-options.js'

/** The part of a Fastify instance that this plugin needs. */
export interface App extends Router {
  readonly server: Server
  readonly log: FastifyBaseLogger
  close(): PromiseLike<unknown>
}

/** The work before the first server of an app listens. */
export type Preparation = (hosted: HostedApp) => Promise<void>

/** One app of this process. */
export class HostedApp {
  readonly app: App
  readonly given: GracefulOptions
  readonly options: ResolvedOptions
  readonly hooks = new Hooks()
  readonly holds = new Holds()
  /** The app has called `listen`, and listens. */
  listening = false
  /** The app is on its way out, alone or with the process. */
  leaving = false
  readonly #abort = new AbortController()
  readonly #preparation: Preparation | undefined
  readonly #closing: () => Promise<void>
  #isCloseSeen = false
  #preparing: Promise<void> | undefined
  #isPrepared: boolean

  /**
   * @param closing - what there is to do when the app closes
   * @throws {InvalidOptionError}
   */
  constructor(app: App, given: GracefulOptions, preparation: Preparation | undefined, closing: () => Promise<void>) {
    this.app = app
    this.#closing = closing
    setMaxListeners(0, this.#abort.signal) // One for each stream that is open.
    this.#preparation = preparation
    this.#isPrepared = preparation === undefined
    this.given = given
    this.options = resolveOptions(given)
  }

  /** Whether this process notices when the app closes. */
  get isCloseSeen(): boolean {
    return this.#isCloseSeen
  }

  /** Sees the app close from now on: before Fastify begins to answer with 503, and without its plugin timeout. */
  seeClose(): void {
    if (this.#isCloseSeen) return
    this.#isCloseSeen = true
    beforeClose(this.app, this.#closing)
  }

  /** The work before the first server of the app listens; undefined if there is nothing left to wait for. */
  prepare(): { done: Promise<unknown>; isWanted: () => boolean } | undefined {
    if (this.#isPrepared) return undefined
    this.#preparing ??= this.#prepare()
    return { done: this.#preparing, isWanted: () => !this.leaving }
  }

  async #prepare(): Promise<void> {
    await this.#preparation?.(this)
    this.#isPrepared = true
  }

  /** Aborts when draining begins. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Tells streams to end, and runs the hooks. Returns what they threw; the drain goes on. */
  beginDrain(reason: string): Promise<unknown[]> {
    this.#abort.abort()
    return this.hooks.runAll('drain', { reason })
  }

  /**
   * Runs the `preClose` hooks of the app, which end streams. Requests in progress go on, and there is no 503 yet.
   *
   * @returns undefined when there are none; else, what they threw
   */
  endStreams(): Promise<unknown[]> | undefined {
    const hooks = takePreCloseHooks(this.app)
    return hooks.length === 0 ? undefined : runInTurn(hooks)
  }
}

async function runInTurn(hooks: ReadonlyArray<() => Promise<void>>): Promise<unknown[]> {
  const thrown: unknown[] = []
  for (const hook of hooks) await hook().catch((error) => thrown.push(error))
  return thrown
}

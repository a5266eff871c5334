import { inspect } from 'node:util'
import { type GracefulError, InvalidHookError } from '../errors.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { didYouMean } from '../util/closest.js'

/** A signal that a process acts on. */
export interface SignalContext {
  /** Its name, such as `'SIGTERM'`. */
  signal: NodeJS.Signals
  /** What the process does: `force` at a second stop signal too, `stop` at a SIGHUP from a terminal that was closed. */
  action: 'stop' | 'reload' | 'force'
}

/**
 * The hooks of `app.graceful.addHook`. They are awaited, in the order in which they were added; `preSignal` and
 * `postSignal` are not.
 */
export interface GracefulHooks {
  /**
   * In the parent, before the child is started. If it throws, the reload is vetoed: it fails with
   * `GRACEFUL_ERR_VETOED`. It has `readyTimeout` to finish, default 30000 milliseconds.
   *
   * @example
   * app.graceful.addHook('preReload', async () => {
   *   if (existsSync('deploy.lock')) throw new Error('the release is not complete')
   * })
   */
  preReload: (context: { reason: string }) => unknown
  /**
   * In the parent, when the reload has succeeded. It has `drainTimeout` to finish, default 25000 milliseconds. If it
   * throws, the error is logged.
   *
   * @example
   * app.graceful.addHook('postReload', async ({ generation, pid }) => {
   *   app.log.info(`generation ${generation} has taken over, as process ${pid}`)
   * })
   */
  postReload: (result: ReloadResult) => unknown
  /**
   * In the parent, when the reload has failed or was rolled back: undo what `preReload` did. It has `drainTimeout` to
   * finish, default 25000 milliseconds. If it throws, the error is logged.
   *
   * @example
   * app.graceful.addHook('reloadFailed', async ({ code }) => app.log.error(`no new release: ${code}`))
   */
  reloadFailed: (error: GracefulError) => unknown
  /**
   * Draining begins, on a reload and on a stop: nothing new is accepted any more. It has `drainTimeout` to finish,
   * default 25000 milliseconds, or after a reload `reloadDrainTimeout`, default 300000 milliseconds. If it throws, the
   * error is logged, and the drain goes on. It does not run if a `force` comes before the drain has begun.
   *
   * @example
   * app.graceful.addHook('drain', async () => queue.close())
   */
  drain: (context: { reason: string }) => unknown
  /**
   * A signal was received, and this process has not acted on it yet. The hook begins before that, but nobody waits for
   * a promise that it returns. If it throws, or is not over after `drainTimeout` (default 25000 milliseconds), that is
   * logged. For work that a drain has to wait for, use `app.graceful.hold()`.
   *
   * @example
   * app.graceful.addHook('preSignal', ({ signal, action }) => {
   *   app.log.info(`received ${signal} (${action}) while ${app.graceful.phase}`)
   * })
   */
  preSignal: (context: SignalContext) => unknown
  /**
   * This process has begun to act on a signal: `app.graceful.phase` tells how. Nobody waits for the hook. If it throws,
   * or is not over after `drainTimeout` (default 25000 milliseconds), that is logged. It does not run after a `force`,
   * which ends the process at once.
   *
   * @example
   * app.graceful.addHook('postSignal', ({ signal }) => {
   *   app.log.info(`after ${signal} this process is ${app.graceful.phase}`)
   * })
   */
  postSignal: (context: SignalContext) => unknown
}

const NAMES: ReadonlyArray<keyof GracefulHooks> = [
  'preReload',
  'postReload',
  'reloadFailed',
  'drain',
  'preSignal',
  'postSignal'
]

/** The hooks of one app. */
export class Hooks {
  readonly #all = new Map<keyof GracefulHooks, Array<(context: unknown) => unknown>>()

  /** @throws {InvalidHookError} for an unknown name or something that is no function */
  add<H extends keyof GracefulHooks>(name: H, hook: GracefulHooks[H]): void {
    if (!NAMES.includes(name) || typeof hook !== 'function')
      throw new InvalidHookError(
        inspect(name),
        inspect(hook),
        NAMES.includes(name) ? '' : didYouMean(String(name), NAMES)
      )
    this.#all.set(name, [...(this.#all.get(name) ?? []), hook as (context: unknown) => unknown])
  }

  /**
   * Runs the hooks up to the first that throws. When nobody waits for them any more, as `until` tells, the next one
   * does not begin.
   *
   * @throws whatever the hook threw
   */
  async run<H extends keyof GracefulHooks>(
    name: H,
    context: Parameters<GracefulHooks[H]>[0],
    until: AbortSignal
  ): Promise<void> {
    for (const hook of this.#all.get(name) ?? []) {
      if (until.aborted) return
      await hook(context)
    }
  }

  /** Whether any looks on at signals. */
  get lookOnAtSignals(): boolean {
    return this.#all.has('preSignal') || this.#all.has('postSignal')
  }

  /** Begins all hooks, without a wait between them. Returns what becomes of each; none can throw into the caller. */
  begin(name: 'preSignal' | 'postSignal', context: SignalContext): Array<Promise<unknown>> {
    const hooks = this.#all.get(name) ?? []
    return hooks.map((hook) => new Promise((resolve) => resolve(hook({ ...context }))))
  }

  /** Runs all hooks, even if one of them fails. Returns what they threw. */
  async runAll<H extends keyof GracefulHooks>(name: H, context: Parameters<GracefulHooks[H]>[0]): Promise<unknown[]> {
    const thrown: unknown[] = []
    for (const hook of this.#all.get(name) ?? []) {
      try {
        await hook(context)
      } catch (error) {
        thrown.push(error)
      }
    }
    return thrown
  }
}

import { inspect } from 'node:util'
import { type GracefulError, InvalidHookError } from '../errors.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { didYouMean } from '../util/closest.js'

/** The hooks of `app.graceful.addHook`. They are awaited, in the order in which they were added. */
export interface GracefulHooks {
  /** In the parent, before the child is started. Throwing vetoes the reload. */
  preReload: (context: { reason: string }) => unknown
  /** In the parent, when the reload has succeeded. */
  postReload: (result: ReloadResult) => unknown
  /** In the parent, when the reload has failed or was rolled back: undo what preReload did. */
  reloadFailed: (error: GracefulError) => unknown
  /** Draining begins: nothing new is accepted any more. */
  drain: (context: { reason: string }) => unknown
}

const NAMES: ReadonlyArray<keyof GracefulHooks> = ['preReload', 'postReload', 'reloadFailed', 'drain']

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
   * Runs the hooks up to the first that throws. When nobody waits for them any more, as `until` tells, the next one does
   * not begin.
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

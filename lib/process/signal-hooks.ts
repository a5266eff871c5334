import { constants } from 'node:os'
import { toError } from '../util/to-error.js'
import type { SignalContext } from './hooks.js'
import type { Service } from './service.js'

/** What a signal makes a process do. */
export type SignalAction = SignalContext['action']

/**
 * Runs the hooks of all apps before and after this process acts on a signal. Nobody waits for them: they only look on,
 * and can neither delay a stop nor prevent it.
 */
export class SignalHooks {
  readonly #service: Pick<Service, 'apps' | 'log' | 'options'>
  /** A process stops once, and is forced once, also if its launcher and its terminal both tell it to. */
  readonly #done = new Set<SignalAction>()

  constructor(service: Pick<Service, 'apps' | 'log' | 'options'>) {
    this.#service = service
  }

  /** Acts on a signal, between the hooks. Returns what `act` returns. */
  around<T>({ signal, action }: SignalContext, act: () => T): T {
    if (this.#done.has(action)) return act()
    if (action !== 'reload') this.#done.add(action)
    this.#begin('preSignal', { signal, action })
    const result = act()
    // Under a launcher, a process that is forced still has to tell it so.
    if (action !== 'force') this.#begin('postSignal', { signal, action })
    return result
  }

  #begin(name: 'preSignal' | 'postSignal', context: SignalContext): void {
    for (const { hooks } of this.#service.apps)
      for (const running of hooks.begin(name, context)) void this.#watch(name, running)
  }

  async #watch(name: string, running: Promise<unknown>): Promise<void> {
    const { log, options } = this.#service
    const late = () => log.warn(`a ${name} hook is not over after ${options.drainTimeout} ms; nothing waits for it`)
    // It must not keep the process alive.
    const timer = setTimeout(late, options.drainTimeout).unref()
    try {
      await running
    } catch (thrown) {
      log.warn(`a ${name} hook failed: ${toError(thrown).message}`, toError(thrown))
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The signal that a launcher passes on: the reason of what it tells a server to do. Undefined for any other reason. */
export function signalIn(reason: string): NodeJS.Signals | undefined {
  const name = reason.split(', ').at(-1) ?? ''
  return Object.hasOwn(constants.signals, name) ? (name as NodeJS.Signals) : undefined
}

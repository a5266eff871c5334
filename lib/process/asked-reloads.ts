import { fromPlainError, StoppingError } from '../errors.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { type Deferred, deferred } from '../util/deferred.js'
import { GONE, type LauncherChannel } from './launcher-channel.js'

/** Reloads that were requested from this server, and that the launcher makes. */
export class AskedReloads {
  readonly #channel: LauncherChannel
  readonly #open = new Map<number, Deferred<ReloadResult>>()
  #lastId = 0

  constructor(channel: LauncherChannel) {
    this.#channel = channel
  }

  /**
   * Asks for a reload of the whole service. Rejects with the error that it failed with.
   *
   * @throws {StoppingError} when the launcher is gone
   */
  ask(reason: string): Promise<ReloadResult> {
    const id = ++this.#lastId
    const answer = deferred<ReloadResult>()
    this.#open.set(id, answer)
    if (this.#channel.isOpen) this.#channel.say({ type: 'ask for reload', id, reason })
    else answer.reject(new StoppingError(GONE))
    return answer.promise.finally(() => this.#open.delete(id))
  }

  heard(answer: Extract<FromLauncher, { type: 'reload answered' | 'reload refused' }>): void {
    const asked = this.#open.get(answer.id)
    if (answer.type === 'reload answered') asked?.resolve(answer.result)
    else asked?.reject(fromPlainError(answer.error))
  }

  /** Resolves when all that are open now have their answers. */
  get answered(): Promise<unknown> {
    return Promise.allSettled([...this.#open.values()].map(({ promise }) => promise))
  }

  /** The launcher is gone. */
  lose(): void {
    for (const { reject } of this.#open.values()) reject(new StoppingError(GONE))
  }
}

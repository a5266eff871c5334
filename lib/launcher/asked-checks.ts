import { fromPlainError, NoCheckError } from '../errors.js'
import { describeEnding, type Ending } from '../process/channel-process.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import type { CheckResult } from '../reload/check-result.js'
import { type Deferred, deferred } from '../util/deferred.js'

type Answer = Extract<ToLauncher, { type: 'check made' | 'check failed' }>

/** The checks that were requested from a server and that it has not answered yet. */
export class AskedChecks {
  readonly #tell: (message: FromLauncher) => void
  readonly #asked = new Map<number, Deferred<CheckResult>>()
  #lastId = 0

  constructor(tell: (message: FromLauncher) => void) {
    this.#tell = tell
  }

  /**
   * Rejects with what the check has failed with.
   *
   * @param until - when nobody waits any more for one that has yet to begin, in milliseconds since the epoch
   */
  ask(reason: string, until: number): Promise<CheckResult> {
    const id = ++this.#lastId
    const answer = deferred<CheckResult>()
    this.#asked.set(id, answer)
    this.#tell({ type: 'make check', id, reason, until })
    return answer.promise.finally(() => this.#asked.delete(id))
  }

  heard(answer: Answer): void {
    if (answer.type === 'check made') this.#asked.get(answer.id)?.resolve(answer.result)
    else this.#asked.get(answer.id)?.reject(fromPlainError(answer.error))
  }

  /** The server has ended. */
  end(ending: Ending): void {
    for (const { reject } of this.#asked.values())
      reject(new NoCheckError(`the server that made the check ${describeEnding(ending)}`))
  }
}

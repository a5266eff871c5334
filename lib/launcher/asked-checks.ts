import type { CheckProgress } from '../control/reports.js'
import { fromPlainError, NoCheckError } from '../errors.js'
import { describeEnding, type Ending } from '../process/channel-process.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import type { CheckResult } from '../reload/check-result.js'
import { type Deferred, deferred } from '../util/deferred.js'

type Word = Extract<ToLauncher, { type: 'check moved' | 'check made' | 'check failed' }>

interface Asked {
  readonly answer: Deferred<CheckResult>
  readonly moved: (position: CheckProgress) => void
}

/** The checks that were requested from a server and that it has not answered yet. */
export class AskedChecks {
  readonly #tell: (message: FromLauncher) => void
  readonly #asked = new Map<number, Asked>()
  #lastId = 0

  constructor(tell: (message: FromLauncher) => void) {
    this.#tell = tell
  }

  /**
   * Rejects with what the check has failed with.
   *
   * @param until - when nobody waits any more for one that has yet to begin, in milliseconds since the epoch
   * @param moved - called whenever it has come further
   */
  ask(reason: string, until: number, moved: Asked['moved']): Promise<CheckResult> {
    const id = ++this.#lastId
    const answer = deferred<CheckResult>()
    this.#asked.set(id, { answer, moved })
    this.#tell({ type: 'make check', id, reason, until })
    return answer.promise.finally(() => this.#asked.delete(id))
  }

  heard(word: Word): void {
    const { answer, moved } = this.#asked.get(word.id) ?? {}
    if (word.type === 'check moved') moved?.(word.position)
    else if (word.type === 'check made') answer?.resolve(word.result)
    else answer?.reject(fromPlainError(word.error))
  }

  /** The server has ended. */
  end(ending: Ending): void {
    for (const { answer } of this.#asked.values())
      answer.reject(new NoCheckError(`the server that made the check ${describeEnding(ending)}`))
  }
}

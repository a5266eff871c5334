import type { Exchange } from '../connections/exchange.js'
import { BadHandoffError } from '../errors.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { Ending } from '../process/channel-process.js'
import type { CheckFacts, ToParent } from '../protocol/messages.js'
import type { Listener } from '../sockets/listeners.js'
import { exitErrorOf, type LastSaid, withExamination } from './boot-failure.js'
import type { Child } from './child.js'
import type { Release } from './release.js'
import type { StartCommand } from './start-command.js'

/** A listener with a dormant duplicate of its socket. */
export type Duplicate = [Listener, ListeningHandle]

/** The child of a reload, as its parent knows it. */
export class Successor {
  /** Set when it has been started. */
  child: Child | undefined
  /** The connections that pass between it and this process, once it has been started. */
  exchange: Exchange | undefined
  /** The release that it has loaded. */
  release: Release | undefined
  /** Of the child of a check that has passed. */
  facts: CheckFacts | undefined
  /** How long its apps may take to say that they are well. Milliseconds. */
  checkTimeout = 0
  /** How long it may take to stop; 0: it has not said. Milliseconds. */
  stopTime = 0
  /** How long its apps give it to be ready; 0: it has not said. Milliseconds. */
  readyTimeout = 0
  ending: Ending | undefined
  /** When it was started, ready, checked and serving, on the clock of `performance.now()`. */
  readonly times = { started: 0, ready: 0, checked: 0, serving: 0 }
  /** The listeners that it inherits, in the order of the handoff. */
  readonly listeners: readonly Listener[]
  readonly #command: StartCommand
  readonly #dormant = new Map<number, ListeningHandle>()
  #lastWords: LastSaid = { error: undefined, stderr: [] }

  constructor(command: StartCommand, listeners: readonly Listener[]) {
    this.#command = command
    this.listeners = listeners
  }

  get pid(): number {
    return this.child?.pid ?? 0
  }

  /** Notes the messages that come before the child serves. */
  note(message: ToParent, handle: ListeningHandle | undefined): void {
    if (message.type === 'listener' && handle !== undefined) this.#dormant.set(message.index, handle)
    else if (message.type === 'boots') this.readyTimeout = Math.max(this.readyTimeout, message.readyTimeout)
    else if (message.type === 'failed') this.#lastWords = message
    else if (message.type === 'ready') {
      this.release = message.release
      this.checkTimeout = message.checkTimeout
      this.stopTime = message.stopTime ?? 0
      this.times.ready = performance.now()
    } else if (message.type === 'checked') {
      this.facts = message
      this.times.checked = performance.now()
    } else if (message.type === 'serving') this.times.serving = performance.now()
  }

  /** What is wrong with the duplicates that the child sent: a process that is out of file descriptors receives none. */
  get defect(): Error | undefined {
    const lacking = this.listeners.find((_, index) => !this.#dormant.has(index))
    if (lacking === undefined) return undefined
    const what = `no duplicate of the listener "${lacking.key}" came back from the child`
    return new BadHandoffError(`${what}; is this process out of file descriptors?`)
  }

  /** The listeners with a dormant duplicate of each. They are the caller's from now on. */
  takeDuplicates(): Duplicate[] {
    const duplicates = this.listeners.flatMap((listener, index): Duplicate[] => {
      const dormant = this.#dormant.get(index)
      return dormant === undefined ? [] : [[listener, dormant]]
    })
    this.#dormant.clear()
    return duplicates
  }

  /** The child is gone: closes handles that it sent and that were not used. */
  ended(ending: Ending): void {
    this.ending = ending
    for (const dormant of this.#dormant.values()) dormant.close()
    this.#dormant.clear()
  }

  /** The error that the child's end before it served amounts to. */
  async failure(): Promise<Error> {
    const ending = this.ending ?? { exitCode: null, signal: null }
    return exitErrorOf(ending, await withExamination(this.#command, ending, this.#lastWords))
  }
}

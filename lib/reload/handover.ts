import {
  BadHandoffError,
  ChildExitedError,
  fromPlainError,
  OutcomeUnknownError,
  type PlainError,
  toError
} from '../errors.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import { describeEnding, type Ending } from '../process/subprocess.js'
import type { ToParent } from '../protocol/messages.js'
import type { Listener } from '../sockets/listeners.js'
import { examine } from './boot-failure.js'
import type { Child, StartChild } from './child.js'
import type { ReloadResult } from './reload-result.js'
import type { StartCommand } from './start-command.js'

/** A listener with a dormant duplicate of its socket. */
export type Duplicate = [Listener, ListeningHandle]

/** A child, and what it has said: from its start until it serves. */
export class Handover {
  readonly child: Child
  /** The child could serve. */
  readonly ready: Promise<Extract<ToParent, { type: 'ready' }>>
  /** The child accepts. */
  readonly serving: Promise<void>
  /** The child gives up. */
  readonly givenUp: Promise<Extract<ToParent, { type: 'roll back' }>>
  /** The child was told by somebody else to stop. */
  readonly stopping: Promise<string>
  readonly #command: StartCommand
  /** What the child inherits, in the order of the handoff. */
  readonly listeners: Listener[]
  readonly #conversation: Conversation

  private constructor(child: Child, command: StartCommand, listeners: Listener[], conversation: Conversation) {
    this.child = child
    this.#command = command
    this.listeners = listeners
    this.#conversation = conversation
    this.ready = conversation.first('ready')
    this.serving = conversation.first('serving').then(() => undefined)
    this.givenUp = conversation.first('roll back')
    this.stopping = conversation.first('stopping').then(({ reason }) => reason)
  }

  /**
   * Starts a child that inherits the listeners.
   *
   * @throws {SpawnFailedError}
   */
  static async begin(
    command: StartCommand,
    generation: number,
    inherited: Array<[Listener, fd: number]>,
    start: StartChild
  ): Promise<Handover> {
    const listeners = inherited.map(([listener]) => listener)
    const conversation = new Conversation()
    const child = await start(command, generation, inherited, conversation.hear)
    return new Handover(child, command, listeners, conversation)
  }

  /**
   * Lets the child make a reload that this process was asked for. Resolves and rejects as that reload does.
   *
   * @throws {OutcomeUnknownError} when the child is gone before it could tell
   */
  async passOn(reason: string): Promise<ReloadResult> {
    const [id, outcome] = this.#conversation.expectReload()
    const gone = this.child.ended.then(() => Promise.reject(new OutcomeUnknownError('it has ended')))
    await this.child.send({ type: 'reload', id, reason }).catch((error) => {
      throw new OutcomeUnknownError(toError(error).message)
    })
    return Promise.race([outcome, gone])
  }

  /**
   * The listeners with a dormant duplicate of each, which the child sent before it was ready.
   *
   * @throws {BadHandoffError} when one is missing: a process that is out of file descriptors receives none
   */
  duplicates(): Duplicate[] {
    return this.listeners.map((listener, index): Duplicate => {
      const dormant = this.#conversation.dormant.get(index)
      if (dormant === undefined)
        throw new BadHandoffError(
          `no duplicate of the listener "${listener.key}" came back from the child; is this process out of file descriptors?`
        )
      return [listener, dormant]
    })
  }

  /** The error that the child's end before it served amounts to. */
  async failure({ exitCode, signal }: Ending): Promise<Error> {
    const { error, stderr: said } = this.#conversation.lastWords
    const silent = error === undefined && said.length === 0 && signal === null
    const stderr = silent ? await examine(this.#command) : said
    const how = describeEnding({ exitCode, signal })
    const why = error?.message ?? stderr.findLast((line) => /error/i.test(line)) ?? stderr.at(-1)
    const failure = new ChildExitedError(
      how,
      why === undefined ? '; what it wrote is on the stderr of this process' : `: ${why}`
    )
    const cause = error === undefined ? {} : { cause: fromPlainError(error) }
    return Object.assign(failure, { exitCode, signal, stderr }, cause)
  }

  /** Hears what the child says of the connections that are moved to it. */
  onAnswer(callback: (message: ToParent) => void): void {
    this.#conversation.onAnswer = callback
  }

  /** The duplicates are in use from now on: they are no longer closed when the child is cancelled. */
  keepDuplicates(): void {
    this.#conversation.dormant.clear()
  }

  /** Ends a child that will not serve, and waits until it is gone. */
  async cancel(): Promise<void> {
    this.child.kill()
    await this.child.ended
    for (const dormant of this.#conversation.dormant.values()) dormant.close()
    this.#conversation.dormant.clear()
  }
}

/** Remembers what the child says, so that nobody can ask too late. */
class Conversation {
  readonly dormant = new Map<number, ListeningHandle>()
  lastWords: { error: PlainError | undefined; stderr: string[] } = { error: undefined, stderr: [] }
  onAnswer: ((message: ToParent) => void) | undefined
  readonly #said = new Map<ToParent['type'], ToParent>()
  readonly #waiting = new Map<ToParent['type'], Array<(message: ToParent) => void>>()
  readonly #reloads: Array<{ resolve(result: ReloadResult): void; reject(error: Error): void }> = []

  readonly hear = (message: ToParent, handle: ListeningHandle | undefined): void => {
    if (message.type === 'listener' && handle !== undefined) this.dormant.set(message.index, handle)
    if (message.type === 'failed') this.lastWords = message
    if (message.type === 'reloaded') this.#reloads[message.id]?.resolve(message.result)
    if (message.type === 'reload failed') this.#reloads[message.id]?.reject(fromPlainError(message.error))
    if (message.type === 'connection taken' || message.type === 'connection refused') {
      this.onAnswer?.(message)
      return
    }
    this.#said.set(message.type, message)
    for (const resolve of this.#waiting.get(message.type) ?? []) resolve(message)
  }

  /** A number for a reload that is passed on, and its outcome. */
  expectReload(): [id: number, outcome: Promise<ReloadResult>] {
    const outcome = new Promise<ReloadResult>((resolve, reject) => this.#reloads.push({ resolve, reject }))
    outcome.catch(() => {}) // Whoever asked waits for a race with the child's end.
    return [this.#reloads.length - 1, outcome]
  }

  first<T extends ToParent['type']>(type: T): Promise<Extract<ToParent, { type: T }>> {
    return new Promise((resolve) => {
      const accept = resolve as (message: ToParent) => void
      const said = this.#said.get(type)
      if (said !== undefined) accept(said)
      else this.#waiting.set(type, [...(this.#waiting.get(type) ?? []), accept])
    })
  }
}

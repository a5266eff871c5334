import { AnswerCount } from '../connections/answer-count.js'
import type { ReloadInProgress } from '../control/reports.js'
import { toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import { Envelope } from '../process/envelope.js'
import type { App } from '../process/hosted-app.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import { stopTime } from '../process/shutdown.js'
import { isOfConnections } from '../protocol/connection-messages.js'
import { NOTHING } from '../protocol/health.js'
import type { CheckFacts, DrainQuestion, ToChild } from '../protocol/messages.js'
import type { ChildWord } from '../protocol/server.js'
import type { InheritedListeners } from '../sockets/inherited-listeners.js'
import { formatAddress } from '../sockets/listener-key.js'
import type { Listener } from '../sockets/listeners.js'
import { guarded } from '../util/guarded.js'
import { ChildConnections } from './child-connections.js'
import { HealthCheck } from './health-check.js'
import type { LastWords } from './last-words.js'
import { ParentChannel } from './parent-channel.js'
import { ReceivedLegacy } from './received-legacy.js'
import type { Relative, Relatives } from './relatives.js'
import type { ReloadResult } from './reload-result.js'

/** This process as the child of a reload: the messages of its parent, and what it takes over. */
export class ChildRole {
  readonly #service: Service
  readonly #host: ServerHost
  readonly #inherited: InheritedListeners
  readonly #lastWords: LastWords
  readonly #reload: (reason: string) => Promise<ReloadResult>
  readonly #relatives: () => Relatives
  readonly #parent: ParentChannel
  readonly #connections: ChildConnections
  readonly #health: HealthCheck
  #answers: AnswerCount | undefined
  readonly #legacy: ReceivedLegacy
  #isBooting = true
  /** The launcher has said so; one that is gone has not. */
  #isParentEnded = false

  /** @param reload - makes a reload that a caller requested of the parent */
  constructor(
    service: Service,
    host: ServerHost,
    inherited: InheritedListeners,
    lastWords: LastWords,
    reload: (reason: string) => Promise<ReloadResult>,
    relatives: () => Relatives
  ) {
    this.#relatives = relatives
    this.#service = service
    this.#host = host
    this.#inherited = inherited
    this.#lastWords = lastWords
    this.#reload = reload
    this.#parent = new ParentChannel(inherited.parent, new Envelope(inherited.secret), {
      said: (message, handle) => this.#hear(message, handle as ConnectionHandle | undefined),
      gone: () => this.#orphaned()
    })
    this.#connections = new ChildConnections(service, this.#parent)
    this.#health = new HealthCheck(service, host)
    this.#legacy = new ReceivedLegacy(service, host, lastWords)
  }

  /** For reports: this process serves, and its parent may still take over again. */
  get report(): Extract<ReloadInProgress, { role: 'child' }> {
    return { role: 'child', parent: this.#parent.pid, probation: this.#legacy.probation }
  }

  /** The parent, as long as it lives. */
  get relative(): Relative | undefined {
    const parent = this.#parent
    if (parent.isGone) return undefined
    const generation = this.#service.generation - 1
    const { name } = this.#host.at
    const isFormer = name !== 'successor' && name !== 'trial'
    const ask = (question: DrainQuestion) => void parent.send(question)
    return { generation, pid: parent.pid, isFormer, isAlive: () => !parent.isGone, ask }
  }

  /** From now on, handles the messages of the parent, and learns when it is gone. */
  begin(): void {
    if (this.#parent.isGone) this.#host.tell({ type: 'parent gone' })
  }

  /**
   * An app has been registered: what it logs may be the reason why this process does not come to serve. It knows better
   * than the release before how long it takes for that.
   */
  follow({ log }: App, readyTimeout: number): void {
    if (!this.#isBooting) return
    this.#lastWords.follow(log)
    void this.#parent.send({ type: 'boots', readyTimeout })
  }

  /** Why this process does not come to serve. */
  failedBecause(error: unknown): void {
    this.#lastWords.because(error)
  }

  /** What this process still waits for may not keep it alive. */
  stay(): void {
    if (this.#isBooting) this.#parent.ref()
  }

  /** An app has been registered, or listens. */
  progress(): void {
    this.#connections.adopt()
    const apps = [...this.#service.apps]
    const listening = apps.some((hosted) => hosted.listening)
    // An inherited listener does not keep a process alive before it accepts.
    if (listening || this.#service.addresses.length > 0) this.stay()
    const complete =
      this.#inherited.unclaimed.length === 0 && apps.every((hosted) => hosted.listening || hosted.leaving)
    this.#host.tell({ type: 'progress', listening, complete })
  }

  /** The server that this one succeeds has ended, and it was not the other end of the channel. */
  parentEnded(): void {
    this.#isParentEnded = true
    this.#parent.leave()
  }

  /** Asks the system whether the parent lives; all its messages have been read. */
  look(): void {
    this.#parent.look()
  }

  /** No app is left. This process has nothing more to do, so it ends, and the parent sees that end. */
  release(): void {
    this.#parent.unref()
  }

  /** Sends a duplicate of each inherited listener, and that this process could serve. */
  offer(): void {
    const { listeners, command } = this.#service
    this.#isBooting = false
    for (const listener of listeners.open) {
      const handle = listeners.handleOf(listener)
      if (listener.index !== undefined && handle)
        void this.#parent.send({ type: 'listener', index: listener.index }, handle)
    }
    for (const listener of this.#inherited.unused) {
      void this.#parent.send({ type: 'listener', index: listener.index }, this.#inherited.handleOf(listener))
    }
    const isCheck = this.#inherited.isCheck
    const times = { checkTimeout: this.checkTimeout, stopTime: stopTime(this.#service) }
    void this.#parent.send({ type: 'ready', release: command.release, ...times, isCheck })
  }

  loadState(): Promise<void> {
    return this.#legacy.loadState()
  }

  accept(): void {
    try {
      this.#service.listeners.accept()
      this.#host.tell({ type: 'accepted' })
    } catch (error) {
      this.#lastWords.because(error)
      this.#host.tell({ type: 'not accepted', error })
    }
  }

  /** This process accepts. Code of the app may run in some of this, as what listens to `removeListener`. */
  beginTrial(): void {
    const { connections, arrived, ledger } = this.#service
    guarded(() => this.#legacy.accepted())
    guarded(() => this.#lastWords.dispose())
    this.#answers = new AnswerCount(
      connections.of(() => true),
      (socket) => arrived.has(socket)
    )
    ledger.report('parent', (tally) => this.#parent.send({ type: 'tally', tally }))
    void this.#health.begin()
    this.#parent.unref()
  }

  /** Asks the apps for the last time whether they are well. */
  checkHealth(): void {
    void this.#health.conclude()
  }

  /** How long the apps may take for that. Milliseconds. */
  get checkTimeout(): number {
    return this.#health.timeout
  }

  /** This process is no longer judged. */
  endHealth(): void {
    this.#health.end()
    this.#answers?.end()
  }

  tell(word: ChildWord): void {
    if (word.type === 'confirmed') void this.#parent.send({ ...word, answers: this.#answers?.answers ?? NOTHING })
    else if (word.type === 'checked') void this.#parent.send({ ...word, ...this.#facts })
    else if (word.type !== 'ready' && word.type !== 'boots') void this.#parent.send(word)
  }

  /** The results of a check that has passed. */
  get #facts(): CheckFacts {
    const { listeners, warmupTime: warmup } = this.#service
    const opens = listeners.open.filter(({ index }) => index === undefined)
    const addresses = (all: readonly Pick<Listener, 'address'>[]) => all.map(({ address }) => formatAddress(address))
    return { warmup, opens: addresses(opens), closes: addresses(this.#inherited.unclaimed) }
  }

  /** An app that listens late finds its listener until now: the parent keeps the socket alive for as long anyway. */
  settle(isOrphan: boolean): void {
    this.endHealth()
    this.#service.ledger.quiet('parent')
    if (isOrphan) this.#legacy.noteReload()
    this.#connections.settle()
    for (const { key, address } of this.#inherited.relinquish()) {
      this.#service.log.announce('unclaimed', { key, address: formatAddress(address) })
    }
    this.#service.notices.settled(isOrphan)
    if (isOrphan) this.#service.notices.parentGone()
  }

  /** The parent accepts again: open connections go back to it. */
  giveBack(): void {
    this.#service.ledger.drains('parent', false)
    this.#connections.giveBack()
  }

  #hear(message: ToChild, handle: ConnectionHandle | undefined): unknown {
    if (isOfConnections(message)) return this.#connections.hear(message, handle)
    switch (message.type) {
      case 'brief':
        return this.#legacy.brief(message.reload)
      case 'take over':
        this.#legacy.takeOver(message)
        return this.#host.tell({ type: 'parent said', word: { type: 'take over' } })
      case 'try':
        this.#legacy.try(message)
        return this.#host.tell({ type: 'parent said', word: { type: 'try' } })
      case 'history':
        return this.#service.history.inherit(message.history)
      case 'tally':
        return this.#service.ledger.heard('parent', message.tally)
      case 'stop': {
        const word = { ...message, lameDuck: this.#service.options.lameDuck > 0 }
        return this.#host.tell({ type: 'parent said', word })
      }
      case 'how are you':
        return this.#parent.send({ type: 'health', answers: this.#answers?.answers ?? NOTHING })
      case 'confirm':
      case 'settled':
      case 'taken back':
      case 'give up':
        return this.#host.tell({ type: 'parent said', word: message })
      case 'reload':
        return this.#reloadFor(message)
      case 'who drains':
        return this.#relatives().answer(message, this.#parent.pid, (answer) => void this.#parent.send(answer))
      case 'these drain':
        return this.#relatives().heard(message)
      default:
        return message satisfies never
    }
  }

  #orphaned(): void {
    this.#service.ledger.ended('parent')
    const isSettled = this.#host.at.name !== 'successor' && this.#host.at.name !== 'trial'
    this.#connections.orphaned(this.#service.launcher !== undefined && !this.#isParentEnded)
    this.#host.tell({ type: 'parent gone' })
    if (isSettled) this.#service.notices.parentGone()
  }

  async #reloadFor({ id, reason }: { id: number; reason: string }): Promise<void> {
    try {
      await this.#parent.send({ type: 'reloaded', id, result: await this.#reload(reason) })
    } catch (error) {
      await this.#parent.send({ type: 'reload failed', id, error: toPlainError(error) })
    }
  }
}

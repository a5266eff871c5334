import { Arrivals } from '../connections/move-in.js'
import type { Connections } from '../connections/tracker.js'
import type { ReloadUnderWay } from '../control/messages.js'
import { NotOnProbationError, toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { App } from '../process/app.js'
import type { Service } from '../process/service.js'
import type { ToChild } from '../protocol/messages.js'
import { isLeaving } from '../protocol/phases.js'
import type { Inheritance } from '../sockets/inherited-listeners.js'
import { formatAddress } from '../sockets/listener-key.js'
import { setTicketKeys } from '../sockets/tls-tickets.js'
import type { LastWords } from './last-words.js'
import { Parent } from './parent-channel.js'
import type { ReloadResult } from './reload-result.js'

/** What a successor asks of this process. */
export interface SuccessionEvents {
  /** This process serves. */
  tookOver(): void
  /** The parent has ended. */
  parentGone(): void
  /** The probation is over, because the parent said so or is gone. */
  settled(isOrphaned: boolean): void
  reload(reason: string): Promise<ReloadResult>
  stop(reason: string): void
  /** The parent shall serve again. */
  giveUp(reason: string): void
}

/**
 * How long a child waits for listeners that it inherited and nobody has asked for, or for apps that do not listen,
 * counted from the last sign of progress. Milliseconds. The parent serves in the meantime.
 */
const CLAIM_PAUSE = 1000

/** What a parent leaves to its child besides the listeners. */
type Legacy = Pick<Extract<ToChild, { type: 'take over' }>, 'states' | 'ticketKeys'>

/** A parent that died left nothing. */
const NOTHING: Legacy = { states: [], ticketKeys: [] }

/** This process as the child of a reload: it boots, says that it is ready, and accepts when its parent says so. */
export class Succession {
  readonly #service: Service
  readonly #inheritance: Inheritance
  readonly #events: SuccessionEvents
  readonly #parent: Parent
  readonly #lastWords: LastWords
  readonly #arrivals: Arrivals
  #state: 'booting' | 'ready' | 'taking over' | 'on probation' | 'settled' = 'booting'
  #pause: NodeJS.Timeout | undefined
  /** Resolves when the parent has ended. */
  readonly parentGone: Promise<void>
  #tellParentGone!: () => void

  constructor(service: Service, inheritance: Inheritance, lastWords: LastWords, events: SuccessionEvents) {
    this.#service = service
    this.#inheritance = inheritance
    this.#lastWords = lastWords
    this.#events = events
    this.parentGone = new Promise((resolve) => {
      this.#tellParentGone = resolve
    })
    this.#parent = new Parent(inheritance.parent, {
      said: (message, handle) => this.#hear(message, handle as ConnectionHandle | undefined),
      gone: () => this.#orphaned()
    })
    this.#arrivals = new Arrivals({
      find: (index) => this.#connectionsOf(index),
      send: (message) => this.#parent.send(message),
      resume: (server, handle, upgrade) => service.webSockets.receive(server, handle, upgrade)
    })
    service.arrivals = this.#arrivals
    if (this.#parent.isGone) this.#tellParentGone()
  }

  /** Whether the parent may still come back, so that a reload has to wait. */
  get isOnProbation(): boolean {
    return this.#state !== 'settled'
  }

  /** For reports: this process serves, and its parent may still come back. */
  get underWay(): ReloadUnderWay | undefined {
    return this.#state === 'on probation' ? { role: 'child', parent: this.#parent.pid } : undefined
  }

  /** An app has been registered: what it logs may be the reason why this process does not come to serve. */
  follow({ log }: App): void {
    if (this.#state === 'booting') this.#lastWords.follow(log)
  }

  /** An app has been registered, or listens: is it time to say that this process is ready? */
  progress(): void {
    if (this.#state !== 'booting') return
    clearTimeout(this.#pause)
    const members = [...this.#service.members]
    if (!members.some(({ listening }) => listening)) return
    const isComplete =
      this.#inheritance.unclaimed.length === 0 && members.every(({ listening, leaving }) => listening || leaving)
    if (isComplete) this.#becomeReady()
    else this.#pause = setTimeout(() => this.#becomeReady(), CLAIM_PAUSE)
  }

  /**
   * This process is on its way out. By a signal of its own: the parent shall not take that for a failure. By an error: the
   * parent shall serve again at once, not when this process has finished what it has in hand.
   */
  async stopping(reason: string, error: Error | undefined): Promise<void> {
    clearTimeout(this.#pause)
    if (error !== undefined) this.#lastWords.because(error)
    if (this.#state !== 'on probation') return
    if (error !== undefined) this.rollBack(reason)
    else await this.#parent.send({ type: 'stopping', reason })
  }

  /** The parent has ended, and it was not the other end of the channel. */
  parentEnded(): void {
    this.#parent.leave()
  }

  /** No app is left: this process shall end for want of work, and its parent hear of it, not wait for it. */
  release(): void {
    clearTimeout(this.#pause)
    this.#parent.unref()
  }

  /**
   * Gives the service back to the parent.
   *
   * @throws {NotOnProbationError}
   */
  rollBack(reason: string): void {
    if (this.#state !== 'on probation') throw new NotOnProbationError()
    this.#state = 'settled'
    this.#service.disown()
    void this.#parent.send({ type: 'roll back', reason })
  }

  /** Perhaps it has done so already. */
  #giveUp(reason: string): void {
    if (this.#state === 'on probation') this.#events.giveUp(reason)
  }

  #becomeReady(): void {
    this.#state = 'ready'
    const { listeners, command } = this.#service
    for (const listener of listeners.open) {
      const handle = listeners.handleOf(listener)
      if (listener.index !== undefined && handle)
        void this.#parent.send({ type: 'listener', index: listener.index }, handle)
    }
    for (const listener of this.#inheritance.unclaimed) {
      void this.#parent.send({ type: 'listener', index: listener.index }, this.#inheritance.handleOf(listener))
    }
    if (this.#parent.isGone) void this.#takeOver(NOTHING)
    else void this.#parent.send({ type: 'ready', script: command.script })
  }

  #connectionsOf(index: number): Connections | undefined {
    const listener = this.#service.listeners.open.find((open) => open.index === index)
    return listener && this.#service.connectionsOfServer(listener.server)
  }

  #hear(message: ToChild, handle: ConnectionHandle | undefined): void {
    if (message.type === 'take over') void this.#takeOver(message)
    else if (message.type === 'settled') this.#settle()
    else if (message.type === 'stop') this.#events.stop(message.reason)
    else if (message.type === 'give up') this.#giveUp(message.reason)
    else if (message.type === 'reload') void this.#reloadOnBehalf(message)
    else if (message.type === 'connection sent') void this.#arrivals.inquire(message.id)
    else if (message.type === 'connection released') this.#arrivals.decided(message.id, true)
    else if (message.type === 'connection kept') this.#arrivals.decided(message.id, false)
    else void this.#arrivals.receive(message, handle)
  }

  async #takeOver({ states, ticketKeys }: Legacy): Promise<void> {
    if (this.#state !== 'ready') return
    this.#state = 'taking over'
    await this.#load(states)
    // A stop may have been quicker.
    if (isLeaving(this.#service.phase)) return
    this.#state = 'on probation'
    this.#lastWords.dispose()
    const keys = new Map(ticketKeys)
    for (const { index, server } of this.#service.listeners.open) {
      const inherited = index === undefined ? undefined : keys.get(index)
      if (inherited !== undefined) setTicketKeys(server, inherited)
    }
    this.#service.listeners.accept()
    this.#events.tookOver()
    this.#parent.unref()
    if (this.#parent.isGone) this.#inherit()
    else void this.#parent.send({ type: 'serving' })
  }

  /** Nothing has been accepted yet: a state that cannot be loaded ends this process as any error of its boot would. */
  async #load(states: unknown[]): Promise<void> {
    const loaders = [...this.#service.members].map(({ options }) => options.state?.load)
    for (const [index, value] of states.entries()) if (value !== undefined) await loaders[index]?.(value)
  }

  /** Somebody has to serve: a child that is ready takes over, one that boots goes on and does so when it is. */
  #orphaned(): void {
    this.#tellParentGone()
    this.#arrivals.orphaned()
    if (this.#state === 'ready') void this.#takeOver(NOTHING)
    else if (this.#state === 'on probation') this.#inherit()
    else if (this.#state === 'settled') this.#events.parentGone()
    else if (this.#state === 'booting')
      this.#service.warn('the parent process is gone; this process will serve as soon as it is ready')
  }

  #inherit(): void {
    this.#settle()
    this.#events.parentGone()
  }

  /** Whoever listens late finds its listener until now: the parent keeps the socket alive for as long anyway. */
  #settle(): void {
    this.#state = 'settled'
    for (const { key, address } of this.#inheritance.relinquish()) {
      this.#service.announce('unclaimed', { key, address: formatAddress(address) })
    }
    this.#events.settled(this.#parent.isGone)
  }

  async #reloadOnBehalf({ id, reason }: { id: number; reason: string }): Promise<void> {
    try {
      await this.#parent.send({ type: 'reloaded', id, result: await this.#events.reload(reason) })
    } catch (error) {
      await this.#parent.send({ type: 'reload failed', id, error: toPlainError(error) })
    }
  }
}

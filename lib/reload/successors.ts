import type { Exchange } from '../connections/exchange.js'
import type { Service } from '../process/service.js'
import type { DrainQuestion, ToChild } from '../protocol/messages.js'
import type { ChildId } from '../protocol/server.js'
import type { Child } from './child.js'
import { exchangeWith } from './connection-exchange.js'
import type { Relative } from './relatives.js'
import type { Successor } from './successor.js'

/**
 * The children that this process has started, by their numbers: the latest one, and earlier ones that failed and may
 * still live.
 */
export class Successors {
  readonly #service: Service
  readonly #all = new Map<ChildId, Successor>()

  constructor(service: Service) {
    this.#service = service
  }

  get(child: ChildId): Successor | undefined {
    return this.#all.get(child)
  }

  /**
   * A child is about to be started. The end of the one before may still have to be reported; earlier ones are
   * forgotten.
   */
  add(child: ChildId, successor: Successor): void {
    for (const [earlier, { ending }] of this.#all)
      if (earlier < child - 1 && ending !== undefined) this.#all.delete(earlier)
    this.#all.set(child, successor)
  }

  /** The process is there. */
  started(successor: Successor, child: Child): void {
    successor.child = child
    successor.exchange = this.#exchangeWith(successor, child)
  }

  /**
   * Says something to a child.
   *
   * @throws {Error} when it is certainly not sent
   */
  async deliver(child: ChildId, message: ToChild): Promise<void> {
    const process = this.#all.get(child)?.child
    if (process === undefined) throw new Error('the child has not been started')
    await process.send(message)
  }

  /** Sends a message that needs no error when it does not arrive: a limit, or the child's end, shows the same. */
  send(child: ChildId, message: ToChild): void {
    this.deliver(child, message).catch(() => {})
  }

  kill(child: ChildId): void {
    this.#all.get(child)?.child?.kill()
  }

  /** Nothing is left to do here: no child keeps this process alive. */
  release(): void {
    for (const { child } of this.#all.values()) child?.unref()
  }

  /** Connections that have moved stay with the child for good, or end with this process. */
  releaseKept(): void {
    for (const { exchange } of this.#all.values()) exchange?.kept?.release()
  }

  /** The service ends: children that were taken back, and still finish what they had, have less time for that now. */
  stopFormer(reason: string, current: ChildId | undefined): void {
    for (const [child, successor] of this.#all)
      if (child !== current && successor.child?.hasEnded === false) this.send(child, { type: 'stop', reason })
  }

  /**
   * The children of earlier reloads that still live. This process took the service back from them, and they finish
   * their requests in progress.
   */
  formerThan(current: ChildId | undefined): Relative[] {
    const generation = this.#service.generation + 1
    return [...this.#all].flatMap(([child, { child: process, pid }]): Relative[] => {
      if (child === current || process === undefined || process.hasEnded) return []
      const ask = (question: DrainQuestion) => this.send(child, question)
      return [{ generation, pid, isFormer: true, isAlive: () => !process.hasEnded, ask }]
    })
  }

  #exchangeWith({ listeners }: Successor, child: Child): Exchange {
    const service = this.#service
    const exchange = exchangeWith(service, {
      find: (index) => listeners[index] && service.connections.ofServer(listeners[index].server),
      send: (message) => child.send(message).catch(() => false),
      // What a child offered that has just ended is this process's, unless the child's end has been handled.
      isInReach: () => !exchange.isOver,
      notes: () => false,
      comes: ({ was }) => was !== undefined && exchange.kept?.givenBack(was),
      accepted: (_, socket) => socket && service.migration?.look(socket)
    })
    return exchange
  }
}

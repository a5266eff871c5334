import { InheritedListeners } from './inherited-listeners.js'
import { formatAddress } from './listener-key.js'
import type { PassedSockets } from './socket-activation.js'

/** The events of a socket activation for its owner. */
interface ActivatedListenersEvents {
  warn(warning: string): void
  unclaimed(listener: { key: string; address: string }): void
}

/** How long a socket waits for a listen call, counted from the last one. Milliseconds. */
const CLAIM_PAUSE = 2000

/**
 * The listening sockets that the service manager passed to this process, the first generation, until they are claimed.
 */
export class ActivatedListeners {
  readonly #events: ActivatedListenersEvents
  readonly #inheritance: InheritedListeners
  #problems: string[]
  #pause: NodeJS.Timeout | undefined

  constructor({ sockets, problems }: PassedSockets, events: ActivatedListenersEvents) {
    this.#events = events
    this.#problems = problems
    this.#inheritance = InheritedListeners.activated(sockets)
  }

  /** See {@link InheritedListeners.claim}. */
  claim(key: string): ReturnType<InheritedListeners['claim']> {
    return this.#inheritance.claim(key)
  }

  /** There is a log. */
  tellProblems(): void {
    for (const problem of this.#problems.splice(0)) this.#events.warn(problem)
  }

  /** A server listens. */
  progress(): void {
    clearTimeout(this.#pause)
    if (this.#inheritance.unclaimed.length > 0) this.#pause = setTimeout(() => this.#relinquish(), CLAIM_PAUSE).unref()
  }

  #relinquish(): void {
    for (const { key, address } of this.#inheritance.relinquish())
      this.#events.unclaimed({ key, address: formatAddress(address) })
  }
}

import type { ListeningHandle } from '../internals/listening-handle.js'
import type { Ending } from '../process/channel-process.js'
import type { ToLauncher } from '../protocol/launcher-messages.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import type { Child, Hear } from './child.js'

/** Sends to the launcher; rejects when the message is certainly not sent. */
type Deliver = (message: ToLauncher, handle?: object) => Promise<void>

/** The child of a reload that a launcher has started for its parent: what the two say goes through the launcher. */
export class LaunchedChild implements Child {
  /** Resolves when the process is there. */
  readonly started: Promise<LaunchedChild>
  readonly ended: Promise<Ending>
  pid = 0
  hasEnded = false
  isOutOfReach = false
  readonly #id: number
  readonly #deliver: Deliver
  readonly #hear: Hear
  #start!: (child: LaunchedChild) => void
  #fail!: (error: Error) => void
  #end!: (ending: Ending) => void

  /** @param id - what the launcher knows it by */
  constructor(id: number, deliver: Deliver, hear: Hear) {
    this.#id = id
    this.#deliver = deliver
    this.#hear = hear
    this.started = new Promise((resolve, reject) => {
      this.#start = resolve
      this.#fail = reject
    })
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** The launcher has started it. */
  hasStarted(pid: number): void {
    this.pid = pid
    this.#start(this)
  }

  hasNotStarted(error: Error): void {
    this.hasEnded = true
    this.#fail(error)
  }

  /** The child has said something. */
  said(message: ToParent, handle: ListeningHandle | undefined): void {
    this.#hear(message, handle)
  }

  over({ exitCode, signal }: Ending): void {
    this.hasEnded = true
    this.#fail(new Error('the launcher is gone'))
    this.#end({ exitCode, signal })
  }

  /** The launcher is gone. */
  lose(): void {
    this.isOutOfReach = true
    this.over({ exitCode: null, signal: null })
  }

  send(message: ToChild, handle?: object): Promise<void> {
    if (this.hasEnded) return Promise.reject(new Error('the child has ended'))
    return this.#deliver({ type: 'tell child', child: this.#id, message }, handle)
  }

  /** It is the launcher's child. */
  unref(): void {}

  kill(): void {
    // Without a launcher, no process can kill it.
    this.#deliver({ type: 'kill child', child: this.#id }).catch(() => {})
  }
}

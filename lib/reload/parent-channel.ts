import { onChannelEnd } from '../internals/channel-end.js'
import { onMessageFromAbove, sendUp } from '../internals/ipc-channel.js'
import type { Envelope } from '../process/envelope.js'
import type { ToChild, ToParent } from '../protocol/messages.js'
import { guarded } from '../util/guarded.js'

/** The messages and the end of a parent, for its child. */
export interface ParentChannelEvents {
  said(message: ToChild, handle: unknown): void
  /** The parent is gone, and this process has read all its messages. */
  gone(): void
}

/** How often to ask the system whether the parent is gone. Milliseconds. */
const LOOK_INTERVAL = 100

/** The parent of this process, seen from the child: the other end of the IPC channel. */
export class ParentChannel {
  readonly pid: number
  readonly #events: ParentChannelEvents
  readonly #envelope: Envelope
  readonly #look: NodeJS.Timeout
  readonly #stopListening: () => void
  #gone: boolean
  #isMissing = false

  /** @param pid - which process that is, or was */
  constructor(pid: number, envelope: Envelope, events: ParentChannelEvents) {
    this.pid = pid
    this.#envelope = envelope
    this.#events = events
    this.#gone = !process.connected && process.ppid !== pid
    this.#stopListening = onMessageFromAbove((raw, handle) => this.#hear(raw, handle))
    onChannelEnd(() => this.#lost())
    this.#look = setInterval(() => this.#lookAfter(), LOOK_INTERVAL)
    // A release that gives up, and has nothing left to do, ends as it would without a parent.
    this.unref()
    if (this.#gone) this.#forget()
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Sends a message to the parent. Resolves once it is on its way, and also if the parent is gone. */
  send(message: ToParent, handle?: object): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#gone) return resolve(false)
      const isSent = sendUp(this.#envelope.seal('parent', message), handle, (error) => resolve(!error))
      if (!isSent) resolve(false)
    })
  }

  /** The parent is gone, though the channel is not: it is that of a launcher. */
  leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#forget()
    this.#events.gone()
  }

  /** Asks the system whether the parent is gone, once all its messages have been read. */
  look(): void {
    if (process.ppid !== this.pid) this.leave()
  }

  /** While a child waits for the word to take over, it may have nothing else that keeps it alive. */
  ref(): void {
    if (this.#gone) return
    this.#look.ref()
    process.channel?.ref()
  }

  /** Neither the channel nor the look after the parent keeps this process alive any longer. */
  unref(): void {
    this.#look.unref()
    process.channel?.unref()
  }

  /** Returns whether it was for this channel. */
  #hear(raw: unknown, handle: unknown): boolean {
    const message = this.#envelope.open('child', raw)
    if (message !== undefined) guarded(() => this.#events.said(message, handle))
    return this.#envelope.isOurs(raw)
  }

  /**
   * The channel is closed. The app of this process may have done that, with `process.disconnect()`. A parent that is
   * still there serves, and a child that took it for dead would serve beside it. When a parent ends, the system closes
   * the channel a moment before it gives the children to another process:
   * https://github.com/torvalds/linux/blob/v6.6/kernel/exit.c (`do_exit`)
   */
  #lost(): void {
    if (process.ppid !== this.pid) this.leave()
  }

  /**
   * While a handle is on its way, Node puts `disconnect` off until the other side has acknowledged that, and a parent
   * that was killed never will: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js. So this
   * process asks the system as well. It believes the second answer: by then, it has read what the parent had sent.
   */
  #lookAfter(): void {
    if (this.#isMissing) this.look()
    this.#isMissing = process.ppid !== this.pid
  }

  #forget(): void {
    clearInterval(this.#look)
    this.#stopListening()
  }
}

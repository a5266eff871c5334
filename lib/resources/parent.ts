import type { SendHandle } from 'node:child_process'
import type { ListeningHandle } from '../base/node-internals.js'
import { seal, type ToChild, type ToParent, unseal } from '../pure/messages.js'

/** What a child hears from its parent. */
export interface ParentEvents {
  said(message: ToChild, handle: unknown): void
  /** The parent is gone, or has closed the channel. */
  gone(): void
}

/** How often to look whether the parent is gone, while it owes an acknowledgement. Milliseconds. */
const LOOK_INTERVAL = 100

/** The parent of this process, seen from the child: the other end of the IPC channel. */
export class Parent {
  readonly pid = process.ppid
  #gone = !process.connected
  #look: NodeJS.Timeout | undefined
  /** The parent is gone, though the channel is not: it is that of a launcher. */
  readonly leave: () => void

  constructor(events: ParentEvents) {
    const onMessage = (raw: unknown, handle: unknown) => {
      const message = unseal<ToChild>(raw)
      // Nothing is said to a child before its handles have arrived.
      clearInterval(this.#look)
      if (message !== undefined) events.said(message, handle)
    }
    this.leave = () => {
      if (this.#gone) return
      this.#gone = true
      clearInterval(this.#look)
      process.removeListener('message', onMessage)
      events.gone()
    }
    process.on('message', onMessage)
    // Between its boot and the word to take over, a child may have nothing else that keeps it alive.
    process.channel?.ref()
    process.once('disconnect', this.leave)
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Says something to the parent. Resolves once it is on its way, and also when nobody is there to hear it. */
  send(message: ToParent, handle?: ListeningHandle): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#gone || process.send === undefined || !process.connected) return resolve(false)
      if (handle !== undefined) this.#lookAfter()
      process.send(seal(message), handle as unknown as SendHandle, {}, (error) => resolve(!error))
    })
  }

  /**
   * While a handle is on its way, Node puts `disconnect` off until the other side has acknowledged that, and a parent that
   * was killed while it hung never will: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js
   */
  #lookAfter(): void {
    this.#look ??= setInterval(() => {
      if (!process.connected) this.leave()
    }, LOOK_INTERVAL)
  }

  /** The channel no longer keeps this process alive. */
  unref(): void {
    process.channel?.unref()
  }
}

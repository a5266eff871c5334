import type { SendHandle } from 'node:child_process'
import { onChannelEnd } from '../internals/channel-end.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import { seal, type ToChild, type ToParent, unseal } from '../protocol/messages.js'

/** What a child hears from its parent. */
export interface ParentChannelEvents {
  said(message: ToChild, handle: unknown): void
  /** The parent is gone. */
  gone(): void
}

/** How often to look whether the parent is gone, where its end says nothing. Milliseconds. */
const LOOK_INTERVAL = 50

/** The parent of this process, seen from the child: the other end of the IPC channel. */
export class ParentChannel {
  readonly pid: number
  #gone: boolean
  #isHolding = true
  #look: NodeJS.Timeout | undefined
  /** The parent is gone, though the channel is not: it is that of a launcher. */
  readonly leave: () => void

  /** @param pid - which process that is, or was */
  constructor(pid: number, events: ParentChannelEvents) {
    this.pid = pid
    this.#gone = !process.connected && process.ppid !== pid
    const onMessage = (raw: unknown, handle: unknown) => {
      const message = unseal<ToChild>(raw)
      // Nothing is said to a child before its handles have arrived.
      this.#lookNoMore()
      if (message !== undefined) events.said(message, handle)
    }
    this.leave = () => {
      if (this.#gone) return
      this.#gone = true
      this.#lookNoMore()
      process.removeListener('message', onMessage)
      events.gone()
    }
    process.on('message', onMessage)
    // Between its boot and the word to take over, a child may have nothing else that keeps it alive.
    process.channel?.ref()
    onChannelEnd(() => this.#lost())
    if (!process.connected && !this.#gone) this.#lookAfter()
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
   * The channel is closed, be it by the app of this process: `process.disconnect()`. A parent that is still there serves, and
   * a child that took it for dead would do so beside it. Of one that ends, the channel is closed a moment before its
   * children are given to another process: https://github.com/torvalds/linux/blob/v6.6/kernel/exit.c (`do_exit`)
   */
  #lost(): void {
    if (process.ppid === this.pid) this.#lookAfter()
    else this.leave()
  }

  /**
   * While a handle is on its way, Node puts `disconnect` off until the other side has acknowledged that, and a parent that
   * was killed while it hung never will: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js
   */
  #lookAfter(): void {
    this.#look ??= setInterval(() => {
      if (!process.connected && process.ppid !== this.pid) this.leave()
    }, LOOK_INTERVAL)
    if (!this.#isHolding) this.#look.unref()
  }

  #lookNoMore(): void {
    clearInterval(this.#look)
    this.#look = undefined
  }

  /** Neither the channel nor the look after the parent keeps this process alive any longer. */
  unref(): void {
    this.#isHolding = false
    this.#look?.unref()
    process.channel?.unref()
  }
}

import { onChannelEnd } from '../internals/channel-end.js'
import { onMessageFromAbove, sendUp } from '../internals/ipc-channel.js'
import type { FromLauncher, ToLauncher } from '../protocol/launcher-messages.js'
import { guarded } from '../util/guarded.js'
import { toError } from '../util/to-error.js'
import type { Envelope } from './envelope.js'
import { Pulse } from './pulse.js'

/** The messages and the end of a launcher, for its server. */
export interface LauncherChannelEvents {
  said(message: FromLauncher, handle: unknown): void
  /** The launcher is gone. */
  gone(): void
}

export const GONE = 'the launcher is gone'

/** How often to ask the system whether the launcher lives. Milliseconds. */
const LOOK_INTERVAL = 250

/** How long a message may wait behind others that the launcher does not read. Milliseconds. */
const SEND_LIMIT = 10_000

/** The IPC channel between this server and its launcher, which does not keep the process alive. */
export class LauncherChannel {
  readonly #events: LauncherChannelEvents
  readonly #envelope: Envelope
  readonly #pid = process.ppid
  readonly #look: NodeJS.Timeout
  /** Messages that are not certainly sent, by what ends the wait for them. */
  readonly #unsent = new Map<Promise<void>, (error: Error | null) => void>()
  #isLost = false
  /** When the launcher has said anything. */
  readonly pulse = new Pulse()

  constructor(envelope: Envelope, events: LauncherChannelEvents) {
    this.#envelope = envelope
    this.#events = events
    this.#look = setInterval(() => this.#checkLife(), LOOK_INTERVAL).unref()
    onMessageFromAbove((raw, handle) => {
      const message = envelope.open('server', raw)
      if (message !== undefined) {
        this.pulse.beat()
        guarded(() => events.said(message, handle))
      }
      return envelope.isOurs(raw)
    })
    onChannelEnd(() => this.#lose())
    process.channel?.unref()
  }

  get isOpen(): boolean {
    return process.connected && !this.#isLost
  }

  /** Resolves when all messages are sent. A message behind a handle waits here until the handle has arrived. */
  get flushed(): Promise<unknown> {
    return Promise.allSettled(this.#unsent.keys())
  }

  /**
   * A message that cannot be sent is no error: then the launcher is gone, and {@link LauncherChannelEvents} reports
   * that.
   */
  say(message: ToLauncher, handle?: object): void {
    this.send(message, handle).catch(() => {})
  }

  /**
   * Rejects if the message is certainly not sent. A message that waits too long counts as sent: it may still be read.
   */
  send(message: ToLauncher, handle?: object): Promise<void> {
    if (!this.isOpen) return Promise.reject(new Error(GONE))
    let settle!: (error: Error | null) => void
    const sent = new Promise<void>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve())
    })
    const timer = setTimeout(() => settle(null), SEND_LIMIT).unref()
    const forget = () => {
      clearTimeout(timer)
      this.#unsent.delete(sent)
    }
    this.#unsent.set(sent, settle)
    sent.then(forget, forget)
    try {
      sendUp(this.#envelope.seal('launcher', message), handle, settle)
    } catch (error) {
      settle(toError(error)) // What cannot be serialized.
    }
    return sent
  }

  /**
   * Node says nothing of a launcher that was killed while it owed an acknowledgement: it puts `disconnect` off until
   * that has come (https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js). The system knows: an
   * orphan gets another parent.
   */
  #checkLife(): void {
    if (!process.connected || process.ppid !== this.#pid) this.#lose()
  }

  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    clearInterval(this.#look)
    // What Node has not written by now waits behind a handle, and will never be written.
    for (const settle of this.#unsent.values()) settle(new Error(GONE))
    this.#events.gone()
  }
}

import { toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { Counts } from '../metrics/counts.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import type { LauncherWord } from '../protocol/server.js'
import { type ConnectionsWord, isSurplusWord, type SurplusWord } from '../protocol/surplus-messages.js'
import type { StartChild } from '../reload/child.js'
import { LaunchedChildren } from '../reload/launched-children.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { within } from '../util/within.js'
import { AskedReloads } from './asked-reloads.js'
import type { Envelope } from './envelope.js'
import { GONE, LauncherChannel } from './launcher-channel.js'
import { LauncherListeners } from './launcher-listeners.js'
import { type LauncherEvents, LauncherRequests } from './launcher-requests.js'
import type { Pulse } from './pulse.js'
import { longestReload, type ResolvedOptions } from './resolved-options.js'

/** How long a process that boots may take to end when its launcher is gone. Milliseconds. */
const END_LIMIT = 1000

/** How long this process may take, at its end, to say what it still has to say. Milliseconds. */
const FLUSH_LIMIT = 1000

/** The launcher of this server, seen from the server. */
export class LauncherClient {
  /** What the launcher knows about the listeners of this server. */
  readonly listeners: LauncherListeners
  readonly #channel: LauncherChannel
  readonly #asked: AskedReloads
  readonly #children: LaunchedChildren
  readonly #requests: LauncherRequests
  /** Path of the launcher's control socket, if it has one. */
  readonly control: string | undefined
  /** Whether it reloads when a file of the app changes. */
  readonly isWatching: boolean

  /** Begins to listen. */
  constructor(envelope: Envelope, control: string | undefined, isWatching: boolean) {
    this.control = control
    this.isWatching = isWatching
    this.#channel = new LauncherChannel(envelope, {
      said: (message, handle) => this.#hear(message, handle as ListeningHandle | undefined),
      gone: () => this.#lose()
    })
    this.listeners = new LauncherListeners(this.#channel)
    this.#children = new LaunchedChildren(this.#channel, this.listeners)
    this.#asked = new AskedReloads(this.#channel)
    this.#requests = new LauncherRequests(this.#channel, this.#asked)
    if (process.connected) this.#channel.say({ type: 'hello' })
    else this.#lose()
  }

  /** From here on the server is there. */
  attach(events: LauncherEvents): void {
    this.#requests.attach(events)
    if (!this.#channel.isOpen) events.stop(GONE)
  }

  /**
   * This server accepts; the launcher goes by the signals that the app has chosen. It gets this message before any
   * handle: what this process says behind a handle waits here until that has arrived, and would be lost with this
   * process.
   */
  serves(options: ResolvedOptions, logsTo: number | undefined): void {
    const { signals, pidFile, readyTimeout, lameDuck, ...limits } = options
    const stop = lameDuck + limits.drainTimeout + limits.closeTimeout
    const times = { reload: longestReload(options), stop }
    this.#channel.say({ type: 'serves', signals, pidFile, logsTo, readyTimeout, times, checks: true })
    this.listeners.hand()
  }

  /** Says something of the connections of this server. Rejects when it is certainly not sent. */
  tellOfConnections(message: ConnectionsWord, handle?: ConnectionHandle): Promise<void> {
    return this.#channel.send(message, handle)
  }

  /** Reports how far the reload is that the launcher has requested. */
  tellOfReload(type: LauncherWord): void {
    this.#channel.say({ type })
  }

  /** When the launcher has said anything. */
  get pulse(): Pulse {
    return this.#channel.pulse
  }

  /** The child that has outlived its probation is not well. */
  tellUnwell(error: Error): void {
    this.#channel.say({ type: 'unwell', error: toPlainError(error) })
  }

  /** What this server has counted since its start. */
  counted(counts: Counts): void {
    this.#channel.say({ type: 'counted', counts })
  }

  /** This server is on its way out. */
  leaves(isError: boolean): void {
    this.#channel.say({ type: 'leaves', isError })
  }

  /**
   * Resolves when all is said, or after a limit: the end of a process that has not said why would be taken for a crash.
   */
  get flushed(): Promise<unknown> {
    return within(this.#channel.flushed, FLUSH_LIMIT, 'the launcher').catch(() => {})
  }

  /**
   * Asks for a reload of the whole service. Rejects with the error that it failed with.
   *
   * @throws {StoppingError} when the launcher is gone
   */
  ask(reason: string): Promise<ReloadResult> {
    return this.#asked.ask(reason)
  }

  /** Lets the launcher start the child of a reload. */
  get startChild(): StartChild {
    return this.#children.start
  }

  get #events(): LauncherEvents | undefined {
    return this.#requests.events
  }

  #hear(message: FromLauncher, handle: ListeningHandle | undefined): unknown {
    if ('child' in message) return this.#children.heard(message, handle)
    if (isSurplusWord(message)) return this.#receive(message, handle as ConnectionHandle | undefined)
    switch (message.type) {
      case 'ping':
        return this.#channel.say({ type: 'pong', counts: this.#events?.counts() })
      case 'reload answered':
      case 'reload refused':
        return this.#asked.heard(message)
      case 'fair share':
        return this.#events?.fairShare(message.count)
      default:
        return this.#requests.heard(message)
    }
  }

  #receive(word: SurplusWord, handle: ConnectionHandle | undefined): void {
    const listener = word.type === 'connection' ? this.listeners.find(word.listener) : undefined
    if (this.#events !== undefined) this.#events.connection(word, listener, handle)
    else if (word.type === 'connection') {
      handle?.close()
      this.#channel.say({ type: 'connection taken', id: word.id, taken: false, count: 0 })
    }
  }

  /** If the launcher has died, nothing watches this server, and nothing would ever end it. */
  #lose(): void {
    this.#asked.lose()
    if (this.#events === undefined) this.#endBoot()
    else this.#events.stop(GONE)
    // When the stop has had its say: a child that is out of reach is not what ends a reload now.
    setImmediate(() => this.#children.lose())
  }

  /** It boots: there is nothing to finish. An app that handles the signal itself may never listen to anybody else. */
  #endBoot(): void {
    process.kill(process.pid, 'SIGTERM')
    const end = () => this.#events === undefined && process.kill(process.pid, 'SIGKILL')
    setTimeout(end, END_LIMIT).unref()
  }
}

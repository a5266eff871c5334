import type { CheckProgress, ProcessStatus, ReloadPosition } from '../control/reports.js'
import { fromPlainError, NoCheckError, StoppingError, toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { Counts } from '../metrics/counts.js'
import type { Load } from '../metrics/load.js'
import {
  type ConnectionsWord,
  type FromLauncher,
  isSurplusWord,
  type SurplusWord
} from '../protocol/launcher-messages.js'
import type { PassedHistory } from '../protocol/messages.js'
import type { LauncherWord } from '../protocol/server.js'
import type { CheckResult } from '../reload/check-result.js'
import type { StartChild } from '../reload/child.js'
import { LaunchedChild } from '../reload/launched-child.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import { LONGEST_TIMER } from '../util/deadline.js'
import { type Deferred, deferred } from '../util/deferred.js'
import { within } from '../util/within.js'
import type { Envelope } from './envelope.js'
import { GONE, LauncherChannel } from './launcher-channel.js'
import { LauncherListeners } from './launcher-listeners.js'
import { longestReload, type ResolvedOptions } from './resolved-options.js'

type MakeCheck = Extract<FromLauncher, { type: 'make check' }>

/** The requests and messages of a launcher to a server. */
export interface LauncherEvents {
  /** Make a reload, now. It is one of several: each server makes its own, and all of them hold or none does. */
  makeReload(reason: string, moved: (position: ReloadPosition) => void): Promise<ReloadResult>
  /** How long the steps took that a reload reached which failed with this error. */
  timingsOf(error: unknown): ReachedTimings | undefined
  /** Show whether a reload would succeed. `moved`: called whenever the check has come further. */
  makeCheck(reason: string, moved: (position: CheckProgress) => void): Promise<CheckResult>
  /** The others have come as far as this one: the parent leaves. */
  commit(): void
  /** Another one has failed: the parent comes back. */
  undo(error: Error): void
  /** The server that this one succeeds has ended. */
  parentEnded(): void
  report(): { status: ProcessStatus; load: Load; counts: Counts }
  counts(): Counts
  /** The history of the reloads of all workers. */
  history(history: PassedHistory): void
  /** Each of several servers has so many connections on average. */
  fairShare(count: number): void
  /** A word about a connection, with the listener and the handle of one that comes. */
  connection(word: SurplusWord, listener: object | undefined, handle: ConnectionHandle | undefined): void
  /** `asOne`: others accept on the same sockets and go on. */
  stop(reason: string, asOne?: boolean): void
  force(reason: string): void
}

/** How long a process that boots may take to end when its launcher is gone. Milliseconds. */
const END_LIMIT = 1000

/** How long this process may take, at its end, to say what it still has to say. Milliseconds. */
const FLUSH_LIMIT = 1000

type OfChild = Extract<FromLauncher, { child: number }>

/** What waits until there is a listener: all that is not heard at once. */
type Request = Exclude<
  FromLauncher,
  OfChild | SurplusWord | { type: 'ping' | 'reload answered' | 'reload refused' | 'fair share' }
>

/** The launcher of this server, seen from the server. */
export class LauncherClient {
  /** What the launcher knows about the listeners of this server. */
  readonly listeners: LauncherListeners
  readonly #channel: LauncherChannel
  #events: LauncherEvents | undefined
  /** Messages that came before there was a listener. */
  readonly #unheard: Request[] = []
  #lastId = 0
  /** Reloads that were requested from this server, and that the launcher makes. */
  readonly #asked = new Map<number, Deferred<ReloadResult>>()
  readonly #children = new Map<number, LaunchedChild>()

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
    if (process.connected) this.#channel.say({ type: 'hello' })
    else this.#lose()
  }

  /** From here on there is a listener. */
  attach(events: LauncherEvents): void {
    this.#events = events
    for (const message of this.#unheard.splice(0)) this.#obey(message, events)
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

  /**
   * When the last message of the launcher, which sends one each second, came in, on the clock of `performance.now()`.
   */
  get heardAt(): number {
    return this.#channel.heardAt
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
    const id = ++this.#lastId
    const answer = deferred<ReloadResult>()
    this.#asked.set(id, answer)
    if (this.#channel.isOpen) this.#channel.say({ type: 'ask for reload', id, reason })
    else answer.reject(new StoppingError(GONE))
    return answer.promise.finally(() => this.#asked.delete(id))
  }

  /** Lets the launcher start the child of a reload. */
  readonly startChild: StartChild = async (command, generation, inherited, hear) => {
    const id = ++this.#lastId
    const child = new LaunchedChild(id, (message, handle) => this.#channel.send(message, handle), hear)
    this.#children.set(id, child)
    const listeners = inherited.map(([listener]) => this.listeners.idOf(listener))
    this.#channel.say({ type: 'start child', child: id, command, generation, listeners })
    return child.started
  }

  #hear(message: FromLauncher, handle: ListeningHandle | undefined): unknown {
    if ('child' in message) return this.#hearOfChild(message, handle)
    if (isSurplusWord(message)) return this.#receive(message, handle as ConnectionHandle | undefined)
    switch (message.type) {
      case 'ping':
        return this.#channel.say({ type: 'pong', counts: this.#events?.counts() })
      case 'reload answered':
        return this.#asked.get(message.id)?.resolve(message.result)
      case 'reload refused':
        return this.#asked.get(message.id)?.reject(fromPlainError(message.error))
      case 'fair share':
        return this.#events?.fairShare(message.count)
      default:
        return this.#events === undefined ? this.#unheard.push(message) : this.#obey(message, this.#events)
    }
  }

  #hearOfChild(message: OfChild, handle: ListeningHandle | undefined): unknown {
    const child = this.#children.get(message.child)
    switch (message.type) {
      case 'child said':
        return child?.said(message.message, handle)
      case 'child started':
        return child?.hasStarted(message.pid)
      case 'child not started':
        this.#children.delete(message.child)
        return child?.hasNotStarted(fromPlainError(message.error))
      case 'child ended':
        this.#children.delete(message.child)
        return child?.over(message)
      default:
        return message satisfies never
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

  #obey(message: Request, events: LauncherEvents): unknown {
    switch (message.type) {
      case 'make reload':
        return void this.#makeReload(message.reason, events)
      case 'make check':
        return void this.#makeCheck(message, events)
      case 'commit':
        return events.commit()
      case 'undo':
        return events.undo(fromPlainError(message.error))
      case 'parent ended':
        return events.parentEnded()
      case 'report':
        return this.#channel.say({ type: 'reported', ...events.report() })
      case 'history':
        return events.history(message.history)
      case 'stop':
        return events.stop(message.reason, message.asOne)
      case 'force':
        return events.force(message.reason)
      default:
        return message satisfies never
    }
  }

  async #makeReload(reason: string, events: LauncherEvents): Promise<void> {
    // With all listeners asleep there may be nothing else that keeps this process alive until the others have come as
    // far, and the callers have their answers. Not the channel: whether that does is for the parent of this process to
    // say.
    const keepAlive = setInterval(() => {}, LONGEST_TIMER)
    const answered = Promise.allSettled([...this.#asked.values()].map(({ promise }) => promise))
    try {
      const moved = (position: ReloadPosition) => this.#channel.say({ type: 'reload moved', position })
      this.#channel.say({ type: 'reload made', result: await events.makeReload(reason, moved) })
    } catch (error) {
      this.#channel.say({ type: 'reload failed', error: toPlainError(error), timings: events.timingsOf(error) })
    } finally {
      await answered
      // With one more turn of the event loop, in which the callers get the outcome.
      setImmediate(() => clearInterval(keepAlive))
    }
  }

  async #makeCheck({ id, reason, until = Infinity }: MakeCheck, events: LauncherEvents): Promise<void> {
    try {
      // This process has been stopped for a while, and the launcher waits no longer.
      if (Date.now() >= until) throw new NoCheckError('the request came too late')
      const moved = (position: CheckProgress) => this.#channel.say({ type: 'check moved', id, position })
      this.#channel.say({ type: 'check made', id, result: await events.makeCheck(reason, moved) })
    } catch (error) {
      this.#channel.say({ type: 'check failed', id, error: toPlainError(error) })
    }
  }

  /** If the launcher has died, nothing watches this server, and nothing would ever end it. */
  #lose(): void {
    for (const { reject } of this.#asked.values()) reject(new StoppingError(GONE))
    if (this.#events === undefined) this.#endBoot()
    else this.#events.stop(GONE)
    // When the stop has had its say: a child that is out of reach is not what ends a reload now.
    setImmediate(() => {
      for (const child of this.#children.values()) child.lose()
    })
  }

  /** It boots: there is nothing to finish. An app that handles the signal itself may never listen to anybody else. */
  #endBoot(): void {
    process.kill(process.pid, 'SIGTERM')
    const end = () => this.#events === undefined && process.kill(process.pid, 'SIGKILL')
    setTimeout(end, END_LIMIT).unref()
  }
}

import type { SendHandle } from 'node:child_process'
import { resolve as resolvePath } from 'node:path'
import type { ProcessStatus } from '../control/messages.js'
import { fromPlainError, StoppingError, toError, toPlainError } from '../errors.js'
import { onChannelEnd } from '../internals/channel-end.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { ResolvedOptions } from '../options.js'
import {
  type ConnectionsWord,
  type FromLauncher,
  isSurplusWord,
  type SurplusWord,
  sealForLauncher,
  type ToLauncher,
  unsealFromLauncher
} from '../protocol/launcher-messages.js'
import type { TicketKeys } from '../protocol/messages.js'
import type { Inherited, StartChild } from '../reload/child.js'
import { LaunchedChild } from '../reload/launched-child.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { Supervised, type Supervision } from '../reload/supervision.js'
import type { BoundAddress } from '../sockets/listener-key.js'
import { UnixPath } from '../sockets/unix-path.js'

/** What a launcher asks of a server, and tells it. */
export interface LauncherEvents {
  /** Make a reload, now. */
  makeReload(reason: string, supervision: Supervision): Promise<ReloadResult>
  /** The server that this one succeeds has ended. */
  parentEnded(): void
  report(): ProcessStatus
  /** Each of several servers has so many connections on average. */
  fairShare(count: number): void
  /** A word about a connection, with the listener and the handle of one that comes. */
  connection(word: SurplusWord, listener: object | undefined, handle: ConnectionHandle | undefined): void
  stop(reason: string): void
  force(reason: string): void
}

const GONE = 'the launcher is gone'

/** How often to ask the system whether the launcher lives. Milliseconds. */
const LOOK_INTERVAL = 250

/** How long a message may wait behind others that the launcher does not read. Milliseconds. */
const SEND_LIMIT = 10_000

/** How long a process that boots may take to end when its launcher is gone. Milliseconds. */
const END_LIMIT = 1000

/** https://nodejs.org/api/timers.html#setintervalcallback-delay-args */
const LONGEST_INTERVAL = 2 ** 31 - 1

type Waiting = { resolve(result: ReloadResult): void; reject(error: Error): void }
type OfChild = Extract<FromLauncher, { child: number }>

/** The launcher of this server, seen from the server: the other end of the IPC channel. */
export class Launcher {
  #events: LauncherEvents | undefined
  /** What was said before anybody listened. */
  readonly #unheard: FromLauncher[] = []
  readonly #ids = new WeakMap<object, number>()
  readonly #asked = new Set<Promise<ReloadResult>>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<number, object>()
  #lastId = 0
  readonly #children = new Map<number, LaunchedChild>()
  #supervised: Supervised | undefined
  #answered: Promise<unknown> = Promise.resolve()
  readonly #pid = process.ppid
  readonly #look: NodeJS.Timeout
  /** Messages that are not certainly sent, by what makes them fail. */
  readonly #unsent = new Set<(error: Error) => void>()
  #isLost = false
  #serves = false
  /** Handles that the launcher gets when this server serves. */
  readonly #toBeHeld = new Map<number, () => void>()

  /** Begins to listen. The channel does not keep this process alive; what it was started for does. */
  constructor() {
    this.#look = setInterval(() => this.#checkLife(), LOOK_INTERVAL).unref()
    process.on('message', (raw, handle) => {
      const message = unsealFromLauncher<FromLauncher>(raw)
      if (message !== undefined) this.#hear(message, handle as unknown as ListeningHandle | undefined)
    })
    onChannelEnd(() => this.#lose())
    process.channel?.unref()
    if (process.connected) this.#send({ type: 'hello' })
    else this.#lose()
  }

  /** Resolves when all that was asked before this process made its reload has been answered. */
  get answered(): Promise<unknown> {
    return this.#answered
  }

  /** From here on somebody listens. */
  attach(events: LauncherEvents): void {
    this.#events = events
    for (const message of this.#unheard.splice(0)) this.#obey(message, events)
    if (this.#isLost) events.stop(GONE)
  }

  /** A listener is open: the launcher keeps its socket from now on. */
  opened(
    listener: Inherited & { index: number | undefined },
    handle: ListeningHandle | undefined,
    ticketKeys: TicketKeys | undefined
  ): void {
    const { key, index } = listener
    const address = absolute(listener.address)
    const id = ++this.#lastId
    this.#ids.set(listener, id)
    this.#listeners.set(id, listener)
    const message = { type: 'listening', id, key, address, index, ticketKeys } as const
    if (index !== undefined) this.#send(message)
    else if (this.#serves) this.#send(message, handle)
    else this.#toBeHeld.set(id, () => this.#send(message, handle))
  }

  closed(listener: object): void {
    const id = this.#ids.get(listener)
    if (id === undefined) return
    if (!this.#toBeHeld.delete(id)) this.#send({ type: 'not listening', id })
    this.#listeners.delete(id)
  }

  /**
   * This server accepts; the launcher goes by the signals that the app has chosen. It hears that before it is sent any handle: what is said
   * behind one waits here until that has arrived, and would be lost with this process.
   */
  serves({ signals, pidFile, readyTimeout, probation, lameDuck, drainTimeout }: ResolvedOptions): void {
    const times = { reload: readyTimeout + probation, stop: lameDuck + drainTimeout }
    this.#send({ type: 'serves', signals, pidFile, readyTimeout, times })
    this.#serves = true
    for (const send of this.#toBeHeld.values()) send()
    this.#toBeHeld.clear()
  }

  /** Says something of the connections of this server. Rejects when it is certainly not sent. */
  tellOfConnections(message: ConnectionsWord, handle?: ConnectionHandle): Promise<void> {
    return this.#deliver(message, handle)
  }

  /** By which number the launcher knows a listener; 0: by none. */
  idOf(listener: object): number {
    return this.#ids.get(listener) ?? 0
  }

  /** This server is on its way out. */
  leaves(isError: boolean): void {
    this.#send({ type: 'leaves', isError })
  }

  /**
   * Asks for a reload of the whole service. Rejects with the error that it failed with.
   *
   * @throws {StoppingError} when the launcher is gone
   */
  ask(reason: string): Promise<ReloadResult> {
    const id = ++this.#lastId
    const answer = new Promise<ReloadResult>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      if (process.connected && !this.#isLost) this.#send({ type: 'ask for reload', id, reason })
      else reject(new StoppingError(GONE))
    })
    this.#asked.add(answer)
    return answer.finally(() => {
      this.#waiting.delete(id)
      this.#asked.delete(answer)
    })
  }

  /** Lets the launcher start the child of a reload. */
  readonly startChild: StartChild = async (command, generation, inherited, hear) => {
    const id = ++this.#lastId
    const child = new LaunchedChild(id, (message, handle) => this.#deliver(message, handle), hear)
    this.#children.set(id, child)
    const listeners = inherited.map(([listener]) => this.idOf(listener))
    this.#send({ type: 'start child', child: id, command, generation, listeners })
    return child.started
  }

  #hear(message: FromLauncher, handle: ListeningHandle | undefined): void {
    if ('child' in message) this.#hearOfChild(message, handle)
    else if (message.type === 'ping') this.#send({ type: 'pong' })
    else if (message.type === 'commit') this.#supervised?.commit()
    else if (message.type === 'undo') this.#supervised?.undo(message.reason)
    else if (message.type === 'reload answered') this.#waiting.get(message.id)?.resolve(message.result)
    else if (message.type === 'reload refused') this.#waiting.get(message.id)?.reject(fromPlainError(message.error))
    else if (message.type === 'fair share') this.#events?.fairShare(message.count)
    else if (isSurplusWord(message)) this.#receive(message, handle as ConnectionHandle | undefined)
    else if (this.#events === undefined) this.#unheard.push(message)
    else this.#obey(message, this.#events)
  }

  #hearOfChild(message: OfChild, handle: ListeningHandle | undefined): void {
    const child = this.#children.get(message.child)
    if (message.type === 'child said') child?.said(message.message, handle)
    else if (message.type === 'child started') child?.hasStarted(message.pid)
    else this.#children.delete(message.child)
    if (message.type === 'child not started') child?.hasNotStarted(fromPlainError(message.error))
    else if (message.type === 'child ended') child?.over(message)
  }

  #receive(word: SurplusWord, handle: ConnectionHandle | undefined): void {
    const listener = word.type === 'connection' ? this.#listeners.get(word.listener) : undefined
    if (this.#events !== undefined) this.#events.connection(word, listener, handle)
    else if (word.type === 'connection') {
      handle?.close()
      this.#send({ type: 'connection taken', id: word.id, taken: false, count: 0 })
    }
  }

  #obey(message: FromLauncher, events: LauncherEvents): void {
    if (message.type === 'make reload') void this.#makeReload(message.reason, events)
    else if (message.type === 'parent ended') events.parentEnded()
    else if (message.type === 'report') this.#send({ type: 'reported', status: events.report() })
    else if (message.type === 'stop') events.stop(message.reason)
    else if (message.type === 'force') events.force(message.reason)
  }

  async #makeReload(reason: string, events: LauncherEvents): Promise<void> {
    // With all listeners asleep there may be nothing else that keeps this process alive until the others have come as far, and
    // those who asked have been answered. Not the channel: whether that does is for the parent of this process to say.
    const keepAlive = setInterval(() => {}, LONGEST_INTERVAL)
    // With one more turn of the event loop, in which those who asked hear of it.
    const answered = Promise.allSettled(this.#asked).then(() => new Promise((resolve) => setImmediate(resolve)))
    this.#answered = answered
    this.#supervised = new Supervised((message) => this.#send(message))
    try {
      this.#send({ type: 'reload made', result: await events.makeReload(reason, this.#supervised) })
    } catch (error) {
      this.#send({ type: 'reload failed', error: toPlainError(error) })
    } finally {
      await answered
      clearInterval(keepAlive)
    }
  }

  /**
   * Node says nothing of a launcher that was killed while it owed an acknowledgement: it puts `disconnect` off until that has come
   * (https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js). The system knows: an orphan gets another parent.
   */
  #checkLife(): void {
    if (!process.connected || process.ppid !== this.#pid) this.#lose()
  }

  /** A server whose launcher has died is watched by nobody, and nobody would ever end it. */
  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    clearInterval(this.#look)
    // What Node has not written by now waits behind a handle, and will never be written.
    for (const fail of this.#unsent) fail(new Error(GONE))
    for (const { reject } of this.#waiting.values()) reject(new StoppingError(GONE))
    if (this.#events === undefined) this.#endBoot()
    else this.#events.stop(GONE)
    // When the stop has had its say: a child that is out of reach is not what ends a reload now.
    setImmediate(() => {
      for (const child of this.#children.values()) child.over({ exitCode: null, signal: null })
    })
  }

  /** It boots: there is nothing to finish. An app that handles the signal itself may never listen to anybody else. */
  #endBoot(): void {
    process.kill(process.pid, 'SIGTERM')
    const end = () => this.#events === undefined && process.kill(process.pid, 'SIGKILL')
    setTimeout(end, END_LIMIT).unref()
  }

  /** What cannot be sent needs no error: then the launcher is gone, and that is told otherwise. */
  #send(message: ToLauncher, handle?: object): void {
    this.#deliver(message, handle).catch(() => {})
  }

  /** Rejects when the message is certainly not sent. One that waits for too long counts as sent: it may still be read. */
  #deliver(message: ToLauncher, handle?: object): Promise<void> {
    if (!process.connected || process.send === undefined || this.#isLost) return Promise.reject(new Error(GONE))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(null), SEND_LIMIT).unref()
      const settle = (error: Error | null) => {
        clearTimeout(timer)
        this.#unsent.delete(settle)
        if (error) reject(error)
        else resolve()
      }
      this.#unsent.add(settle)
      try {
        process.send?.(sealForLauncher(message), handle as SendHandle | undefined, {}, settle)
      } catch (error) {
        settle(toError(error)) // What cannot be serialized.
      }
    })
  }
}

/** The launcher may be in another directory than the app, which can change its own. */
function absolute(address: BoundAddress): BoundAddress {
  return 'path' in address && UnixPath.isFile(address.path) ? { path: resolvePath(address.path) } : address
}

import type { SendHandle } from 'node:child_process'
import { fromPlainError, StoppingError, toPlainError } from '../base/errors.js'
import type { ListeningHandle } from '../base/node-internals.js'
import type { ReloadResult } from '../base/reload-result.js'
import type { Inherited, StartChild } from '../pure/child.js'
import type { ProcessStatus } from '../pure/control-messages.js'
import { LaunchedChild } from '../pure/launched-child.js'
import { type FromLauncher, sealForLauncher, type ToLauncher, unsealFromLauncher } from '../pure/launcher-messages.js'
import type { TicketKeys } from '../pure/messages.js'
import type { ResolvedOptions } from '../pure/options.js'
import type { Supervision } from '../pure/supervision.js'

/** What a launcher asks of a server, and tells it. */
export interface LauncherEvents {
  /** Make a reload, now. */
  makeReload(reason: string, supervision: Supervision): Promise<ReloadResult>
  /** The server that this one succeeds has ended. */
  parentEnded(): void
  report(): ProcessStatus
  stop(reason: string): void
  force(reason: string): void
}

const GONE = 'the launcher is gone'

type Question = { resolve(result: ReloadResult): void; reject(error: Error): void }

/** The launcher of this server, seen from the server: the other end of the IPC channel. */
export class Launcher {
  #events: LauncherEvents | undefined
  /** What was said before anybody listened. */
  readonly #unheard: FromLauncher[] = []
  readonly #ids = new WeakMap<object, number>()
  readonly #questions = new Map<number, Question>()
  #lastId = 0
  #child: LaunchedChild | undefined
  #supervised: { commit(): void; undo(reason: string): void } | undefined

  /** Begins to listen, and to keep this process alive by it. */
  constructor() {
    process.on('message', (raw, handle) => {
      const message = unsealFromLauncher<FromLauncher>(raw)
      if (message !== undefined) this.#hear(message, handle as unknown as ListeningHandle | undefined)
    })
    process.once('disconnect', () => this.#lose())
    this.#send({ type: 'hello' })
  }

  /** From here on somebody listens. */
  attach(events: LauncherEvents): void {
    this.#events = events
    for (const message of this.#unheard.splice(0)) this.#obey(message, events)
  }

  /** The channel no longer keeps this process alive. */
  unref(): void {
    process.channel?.unref()
  }

  /** A listener is open: the launcher keeps its socket from now on. */
  opened(
    listener: Inherited & { index: number | undefined },
    handle: ListeningHandle | undefined,
    ticketKeys: TicketKeys | undefined
  ): void {
    const { key, address, index } = listener
    const id = ++this.#lastId
    this.#ids.set(listener, id)
    this.#send({ type: 'listening', id, key, address, index, ticketKeys }, index === undefined ? handle : undefined)
  }

  closed(listener: object): void {
    const id = this.#ids.get(listener)
    if (id !== undefined) this.#send({ type: 'not listening', id })
  }

  /** This server accepts; the launcher goes by the signals that the app has chosen. */
  serves({ signals, pidFile }: ResolvedOptions): void {
    this.#send({ type: 'serves', signals, pidFile })
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
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject })
      if (process.connected) this.#send({ type: 'ask for reload', id, reason })
      else reject(new StoppingError(GONE))
    })
  }

  /** Lets the launcher start the child of a reload. */
  readonly startChild: StartChild = async (command, generation, inherited, hear) => {
    const child = new LaunchedChild((message, handle) => this.#deliver(message, handle), hear)
    this.#child = child
    const listeners = inherited.map(([listener]) => this.#ids.get(listener) ?? 0)
    this.#send({ type: 'start child', command, generation, listeners })
    return child.started
  }

  #hear(message: FromLauncher, handle: ListeningHandle | undefined): void {
    if (message.type === 'child said') this.#child?.said(message.message, handle)
    else if (message.type === 'child started') this.#child?.hasStarted(message.pid)
    else if (message.type === 'child not started') this.#child?.hasNotStarted(fromPlainError(message.error))
    else if (message.type === 'child ended') this.#child?.over(message)
    else if (message.type === 'commit') this.#supervised?.commit()
    else if (message.type === 'undo') this.#supervised?.undo(message.reason)
    else if (message.type === 'reload answered') this.#questions.get(message.id)?.resolve(message.result)
    else if (message.type === 'reload refused') this.#questions.get(message.id)?.reject(fromPlainError(message.error))
    else if (this.#events === undefined) this.#unheard.push(message)
    else this.#obey(message, this.#events)
  }

  #obey(message: FromLauncher, events: LauncherEvents): void {
    if (message.type === 'make reload') void this.#makeReload(message.reason, events)
    else if (message.type === 'parent ended') events.parentEnded()
    else if (message.type === 'report') this.#send({ type: 'reported', status: events.report() })
    else if (message.type === 'stop') events.stop(message.reason)
    else if (message.type === 'force') events.force(message.reason)
  }

  async #makeReload(reason: string, events: LauncherEvents): Promise<void> {
    // With all listeners asleep there may be nothing else that keeps this process alive until the others have come as far.
    process.channel?.ref()
    try {
      this.#send({ type: 'reload made', result: await events.makeReload(reason, this.#supervise()) })
    } catch (error) {
      this.#send({ type: 'reload failed', error: toPlainError(error) })
    } finally {
      this.unref()
    }
  }

  #supervise(): Supervision {
    let commit!: () => void
    let undo!: (reason: string) => void
    const committed = new Promise<void>((resolve) => {
      commit = resolve
    })
    const undone = new Promise<string>((resolve) => {
      undo = resolve
    })
    this.#supervised = { commit, undo }
    return {
      handedOver: () => void this.#send({ type: 'handed over' }),
      passed: () => {
        this.#send({ type: 'passed' })
        return committed
      },
      undone
    }
  }

  /** A server whose launcher has died is watched by nobody, and nobody would ever end it. */
  #lose(): void {
    for (const { reject } of this.#questions.values()) reject(new StoppingError(GONE))
    this.#child?.over({ exitCode: null, signal: null })
    const stop = { type: 'stop', reason: GONE } as const
    if (this.#events === undefined) this.#unheard.push(stop)
    else this.#obey(stop, this.#events)
  }

  /** What cannot be sent needs no error: then the launcher is gone, and that is told otherwise. */
  #send(message: ToLauncher, handle?: object): void {
    this.#deliver(message, handle).catch(() => {})
  }

  #deliver(message: ToLauncher, handle?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!process.connected || process.send === undefined) return reject(new Error(GONE))
      process.send(sealForLauncher(message), handle as SendHandle | undefined, {}, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }
}

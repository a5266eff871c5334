import type { CheckProgress, ProcessStatus, ReloadPosition } from '../control/reports.js'
import { fromPlainError, NoCheckError, toPlainError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { Counts } from '../metrics/counts.js'
import type { Load } from '../metrics/load.js'
import type { FromLauncher } from '../protocol/launcher-messages.js'
import type { PassedHistory } from '../protocol/messages.js'
import type { SurplusWord } from '../protocol/surplus-messages.js'
import type { CheckResult } from '../reload/check-result.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import { LONGEST_TIMER } from '../util/deadline.js'
import type { AskedReloads } from './asked-reloads.js'
import type { LauncherChannel } from './launcher-channel.js'

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

/** What a server cannot answer before its apps are there. */
type Request = Exclude<
  FromLauncher,
  { child: number } | SurplusWord | { type: 'ping' | 'reload answered' | 'reload refused' | 'fair share' }
>

/** Hands the requests of a launcher to the server. Those that come before the server is there wait for it. */
export class LauncherRequests {
  readonly #channel: LauncherChannel
  readonly #asked: AskedReloads
  readonly #unheard: Request[] = []
  #events: LauncherEvents | undefined

  /** @param asked - the reloads that this server has requested of the launcher, some of which it then makes */
  constructor(channel: LauncherChannel, asked: AskedReloads) {
    this.#channel = channel
    this.#asked = asked
  }

  /** From here on the server is there. */
  attach(events: LauncherEvents): void {
    this.#events = events
    for (const request of this.#unheard.splice(0)) this.#obey(request, events)
  }

  /** The server, once it is there. */
  get events(): LauncherEvents | undefined {
    return this.#events
  }

  heard(request: Request): void {
    if (this.#events === undefined) this.#unheard.push(request)
    else this.#obey(request, this.#events)
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
    const { answered } = this.#asked
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
}

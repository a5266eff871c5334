import type { Cause } from '../protocol/server.js'
import { deferred } from '../util/deferred.js'
import { toError } from '../util/to-error.js'
import { within } from '../util/within.js'
import { type Cut, mergeCuts, namesOf, throwIfCut, withoutHooks } from './cut.js'
import type { Drain } from './drain.js'
import { Drains, type Manner } from './drains.js'
import type { HostedApp } from './hosted-app.js'
import type { Service } from './service.js'

/** How long a drain waits for the child's word on the connections that are on their way to it. Milliseconds. */
const LAST_ANSWER = 1000

/** How long a drain waits until connections that were passed on have arrived. Milliseconds. */
const PASSED_ON = 1000

/** How long a stop may take beyond the options, for the steps between. Milliseconds. */
const SLACK = 3000

/** How long the child that leaves with this process may take beyond its own limit. Milliseconds. */
const CHILD_SLACK = 2000

const STOP: Manner = { idle: 'soon', limit: 'drainTimeout' }

/** What a process does when it leaves: it drains, and closes its apps. */
export class Shutdown {
  readonly #service: Service
  readonly #drains: Drains
  readonly #drained = deferred<Cut>()
  /** The service ends, and not this process alone. */
  #isHurried = false

  constructor(service: Service) {
    this.#service = service
    this.#drains = new Drains(service)
  }

  /**
   * The launcher has ordered this process to leave.
   *
   * @param asOne - others accept on the same sockets and go on
   */
  told(asOne = false): void {
    this.#drains.told(asOne)
  }

  /**
   * How long a stop may take in all. Milliseconds.
   *
   * @param childTime - how long the child may take that must end first, if there is one; 0: it has not said
   */
  limit(cause: Cause, childTime?: number): number {
    const own = stopTime(this.#service, this.#limitName(cause))
    return childTime === undefined ? own : Math.max(own, childTime) + CHILD_SLACK
  }

  /** A process with a successor has time: nothing waits for its end. */
  #limitName(cause: Cause): 'drainTimeout' | 'reloadDrainTimeout' {
    return isSucceeded(cause) && !this.#isHurried ? 'reloadDrainTimeout' : 'drainTimeout'
  }

  /**
   * Drains all that is not leaving already; where it is the last app that closes, that app alone, and not what the
   * process listens on beside it. Returns whether work was cut off.
   */
  async drain(cause: Cause, reason: string): Promise<boolean> {
    const { migration, arrivals } = this.#service
    for (const each of arrivals) each.answer()
    const isOwnTime = isSucceeded(cause)
    const moving = isOwnTime || migration?.isRunning === true ? migration : undefined
    if (moving === undefined && migration !== undefined)
      await within(migration.done, LAST_ANSWER, 'the child').catch(() => {})
    const manner = { idle: isOwnTime ? 'own timeout' : 'soon', moving, limit: this.#limitName(cause) } as const
    if (cause === 'app closes') this.#service.closeControlSocket()
    const last = [...this.#service.apps].find(({ leaving }) => !leaving)
    const only = cause === 'app closes' ? last : undefined
    // After an error, a server that the launcher starts can serve those who wait better than this one.
    const losesQueue = !isOwnTime && (cause !== 'error' || this.#service.launcher === undefined)
    // An app that has begun to close by itself has a drain of its own.
    const [own, ...others] = await this.#drains.begin(reason, manner, losesQueue, only)
    const cut = mergeCuts(await Promise.all([this.#follow(own, manner.limit), ...others.map(({ done }) => done)]))
    const { surplus } = this.#service
    if (surplus !== undefined) await within(surplus.passed, PASSED_ON, 'the launcher').catch(() => {})
    this.#drained.resolve(cut)
    return namesOf(cut).length > 0
  }

  /**
   * Drains one app, which closes while the process goes on.
   *
   * @throws {ForcedError} when work in progress was cut off; the app closes all the same, and its `close()` rejects
   *   with it
   */
  async drainApp(hosted: HostedApp): Promise<void> {
    const [drain] = await this.#drains.begin('the app closes', STOP, true, hosted)
    throwIfCut(await this.#follow(drain, STOP.limit))
  }

  /**
   * Waits for the drain of the whole process, which the last app has begun by closing.
   *
   * @throws {ForcedError} see {@link drainApp}
   */
  async drained(): Promise<void> {
    throwIfCut(await this.#drained.promise)
  }

  /** Waits for the drain in progress, also for an app that closes while the process stops. */
  async joined(): Promise<void> {
    await this.#drained.promise
  }

  /**
   * The service ends: idle connections have no process to go to, and requests in progress have the time limit of a
   * stop.
   */
  hurry(): void {
    this.#isHurried = true
    this.#service.migration?.stop()
    this.#drains.hurry(this.#service.longest('drainTimeout'))
  }

  /** For reports: what is drained; undefined while nothing is. */
  get inProgress(): Drains['report'] {
    return this.#drains.report
  }

  /** How long others may take to end the process when everything is closed. Milliseconds. */
  get closeLimit(): number {
    return Math.max(this.#service.longest('closeTimeout'), this.#drains.end - performance.now())
  }

  /**
   * Runs the apps' `onClose` hooks, and before them the handlers of others that close the app as well. Returns whether
   * one failed.
   *
   * @param reason - of the stop, which may be a signal
   */
  async closeApps(reason: string): Promise<boolean> {
    const left = this.#drains.end - performance.now()
    const { foreignHandlers } = this.#service
    const others = foreignHandlers.close(foreignHandlers.signalIn(reason))
    const closing = [...this.#service.apps].map(({ app, options }) =>
      within(
        others.then(() => app.close()),
        Math.max(options.closeTimeout, left),
        'the onClose hooks'
      )
    )
    const failures = (await Promise.allSettled(closing)).flatMap((end) =>
      end.status === 'rejected' ? [end.reason] : []
    )
    for (const reason of failures) this.#service.log.warn('closing the app failed', toError(reason))
    await this.#service.notices.flushed()
    return failures.length > 0
  }

  /** Cuts off everything that is left, now. */
  cut(reason: string): void {
    this.#drains.leaveAll(reason, STOP)
    const cut = this.#drains.force()
    this.#drains.clear()
    this.#forced(reason, cut)
    this.#service.listeners.close()
    this.#drained.resolve(cut)
  }

  /**
   * Something ends the process in the middle of its stop. Returns whether that cuts off work.
   *
   * @param reason - who that is, for the log
   */
  cutBy(reason: string): boolean {
    // A lame duck has not begun.
    this.#drains.leaveAll(reason, STOP)
    // In its first moment a drain waits for its hooks, be there any or not.
    const work = withoutHooks(this.#drains.force())
    const isCut = namesOf(work).length > 0
    const hooks = this.#service.apps.size > 0 ? ['onClose hooks'] : []
    if (isCut || hooks.length > 0) this.#forced(reason, { ...work, holds: [...work.holds, ...hooks] })
    return isCut
  }

  async #follow(drain: Drain, limit: Manner['limit']): Promise<Cut> {
    const cut = await drain.done
    // One that was cut by force has been announced.
    if (this.#drains.ended(drain) && namesOf(cut).length > 0) this.#forced(this.#isHurried ? STOP.limit : limit, cut)
    return cut
  }

  #forced(reason: string, cut: Cut): void {
    const { counter, log } = this.#service
    counter.forces(cut.requests.length, withoutHooks(cut).holds.length)
    log.announce('forced', { reason, ...cut })
  }
}

/** How long a process may take to leave. Milliseconds. */
export function stopTime(service: Service, drain: Manner['limit'] = STOP.limit): number {
  return service.options.lameDuck + service.longest(drain) + service.longest('closeTimeout') + SLACK
}

/** Whether a process leaves because another one serves. */
function isSucceeded(cause: Cause): boolean {
  return cause === 'reloaded' || cause === 'rolled back'
}

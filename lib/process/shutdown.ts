import type { Migration } from '../connections/move-out.js'
import { ForcedError, toError } from '../errors.js'
import type { Child } from '../reload/child.js'
import type { Reload } from '../reload/reload.js'
import type { Succession } from '../reload/succession.js'
import { within } from '../util/within.js'
import type { Member } from './app.js'
import { type Cut, Drain, type DrainPlan } from './drain.js'
import type { Service } from './service.js'

/** How long the apps' own `onClose` hooks may take once the drain is over. Milliseconds. */
const CLOSE_TIMEOUT = 5000

/** How long a stop waits for the child's word on the connection that is on its way to it. Milliseconds. */
const LAST_ANSWER = 1000

/** How a process leaves. */
export interface Manner {
  /** What becomes of idle connections. */
  idle: DrainPlan['idle']
  /** The connections that are being moved, if any are. */
  moving?: Migration | undefined
  /** How long to go on accepting. Milliseconds, default 0. */
  lameDuck?: number
}

/** How this process, or one of its apps, leaves. */
export class Departure {
  /** A child that was told to stop on its probation. */
  stoppedChild: Child | undefined
  readonly #service: Service
  readonly #drains = new Set<Drain>()
  #way: Promise<void> | undefined
  #stopping = false
  #wakeFromLameDuck: (() => void) | undefined

  constructor(service: Service) {
    this.#service = service
  }

  /** Whether the service shall end: there will be no further reload. */
  get isStopping(): boolean {
    return this.#stopping
  }

  /** How long a stop may take in all. Milliseconds. */
  get limit(): number {
    const { lameDuck, drainTimeout } = this.#service.options
    return lameDuck + drainTimeout + CLOSE_TIMEOUT + 1000
  }

  /** Whether this process is on its way out, with or without a successor. */
  get hasBegun(): boolean {
    return this.#way !== undefined
  }

  /**
   * The way out of the process: lame duck, drain, `onClose` hooks. There is only one; whoever asks later joins it.
   *
   * @throws {ForcedError} when work in hand was cut off, or an app did not close
   */
  leave(reason: string, manner: Manner): Promise<void> {
    this.#way ??= this.#leave(reason, manner)
    return this.#way
  }

  /**
   * The process is told to stop, by a signal, an error or the app.
   *
   * @throws {ForcedError} see {@link leave}
   */
  async stop(reason: string, error: Error | undefined, reload?: Reload, succession?: Succession): Promise<void> {
    try {
      await this.#stop(reason, error, reload, succession)
    } finally {
      if (this.#service.notices.areHeard) await this.#awaitKin(succession)
    }
  }

  async #stop(reason: string, error: Error | undefined, reload?: Reload, succession?: Succession): Promise<void> {
    if (error !== undefined) this.#service.warn('an error that nobody caught ends this process', error)
    if (this.hasBegun) return this.#hurry(reason, reload)
    this.#stopping = true
    this.#service.launcher?.leaves(error !== undefined)
    this.#service.notices.stopping(this.limit)
    await succession?.stopping(reason, error)
    await reload?.abandon(reason)
    reload?.migration?.stop()
    await within(Promise.resolve(reload?.migration?.done), LAST_ANSWER, 'the last answer of the child').catch(() => {})
    // A successor that serves is stopped with this process, unless it is an error of this one alone.
    const child = this.#service.phase === 'handed over' && error === undefined ? reload?.handover?.child : undefined
    child?.send({ type: 'stop', reason }).catch(() => {}) // Gone already; and one that hangs is not waited for here.
    try {
      await this.leave(reason, { idle: 'soon', lameDuck: error === undefined ? this.#service.options.lameDuck : 0 })
    } finally {
      if (child !== undefined) await this.#awaitEnd(child)
    }
  }

  /** Cuts off what is left, now. The process ends when this returns, and a child that does not serve for good with it. */
  force(reason: string, reload?: Reload): void {
    if (!this.#stopping) this.#service.launcher?.leaves(false)
    if (this.#stopping || this.#service.phase === 'reloading') reload?.handover?.child.kill()
    this.#wakeFromLameDuck?.()
    if ([...this.#service.members].some(({ leaving }) => !leaving)) this.#startDrain(reason, { idle: 'soon' })
    const cuts = [...this.#drains].map((drain) => drain.force())
    this.#service.announce('forced', { reason, ...merge(cuts) })
    this.#service.listeners.close()
    if (this.#service.phase !== 'closed') this.#service.end(reason, 1)
  }

  /**
   * Drains one app, which closes while the process goes on.
   *
   * @throws {ForcedError} when work in hand was cut off; the app closes all the same, and its `close()` rejects with it
   */
  async drainMember(member: Member): Promise<void> {
    if (member.leaving) return
    const { members, phase } = this.#service
    const isLast = [...members].every((other) => other === member || other.leaving)
    if (isLast && phase !== 'closed' && phase !== 'draining') this.#service.enter('draining')
    if (isLast) this.#wakeFromLameDuck?.()
    if (isLast) this.#service.closeControlSocket()
    const what = namesOf(await this.#drain('the app closes', { idle: 'soon' }, member))
    if (what.length > 0) throw new ForcedError('drainTimeout', what.join(', '))
  }

  async #leave(reason: string, manner: Manner): Promise<void> {
    const { lameDuck = 0 } = manner
    if (this.#service.phase === 'closed') return
    if (lameDuck > 0 && this.#service.phase === 'serving') await this.#beLameDuck(reason, lameDuck)
    if (this.#service.phase !== 'draining') this.#service.enter('draining')
    // An app that has begun to close by itself has a drain of its own.
    const begun = [...this.#drains].map(({ done }) => done)
    const cut = merge(await Promise.all([...begun, this.#drain(reason, manner)]))
    await this.#service.surplus?.passed
    const failures = await this.#closeApps([...this.#service.members])
    const what = [...namesOf(cut), ...failures]
    await this.#service.notices.flushed()
    this.#service.end(reason, what.length === 0 ? 0 : 1)
    if (what.length > 0) throw new ForcedError(reason, what.join(', '))
  }

  /** A parent that leaves to its successor lets idle connections take their time; with the service, they end as well. */
  #hurry(reason: string, reload?: Reload): Promise<void> {
    reload?.migration?.stop()
    for (const drain of this.#drains) drain.hurry()
    return this.leave(reason, { idle: 'soon' })
  }

  /** A child that was told to stop has its own limits; one that hangs does not keep them. */
  async #awaitEnd(child: Child): Promise<void> {
    const timer = setTimeout(() => child.kill(), this.limit)
    await child.ended
    clearTimeout(timer)
  }

  /** A service manager ends what is left of a service when its main process ends. */
  async #awaitKin(succession: Succession | undefined): Promise<void> {
    if (this.stoppedChild !== undefined) await this.#awaitEnd(this.stoppedChild)
    // On probation it is the parent that waits.
    if (succession === undefined || succession.isOnProbation) return
    await within(succession.parentGone, this.limit, 'the end of the parent').catch(() => {})
  }

  async #beLameDuck(reason: string, duration: number): Promise<void> {
    this.#service.enter('lame duck')
    this.#service.announce('lame-duck', { reason, duration })
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, duration)
      this.#wakeFromLameDuck = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #drain(reason: string, manner: Manner, only?: Member): Promise<Cut> {
    const drain = this.#startDrain(reason, manner, only)
    const cut = await drain.done
    this.#drains.delete(drain)
    if (cut.requests.length + cut.holds.length > 0) this.#service.announce('forced', { reason: 'drainTimeout', ...cut })
    return cut
  }

  /** Drains one app, or all that is not leaving already. */
  #startDrain(reason: string, { idle, moving }: Manner, only?: Member): Drain {
    const service = this.#service
    const gone = new Set<unknown>([...service.members].filter(({ leaving }) => leaving))
    const members = only === undefined ? [...service.members].filter((member) => !gone.has(member)) : [only]
    const isMeant = (owner: object | undefined) => (only === undefined ? !gone.has(owner) : owner === only)
    for (const member of members) member.leaving = true
    service.listeners.close(service.listenersOf(isMeant))
    if (only === undefined) service.closeControlSocket()
    const timeout = Math.max(...members.map(({ options }) => options.drainTimeout), 0)
    const connections = service.connectionsOf(isMeant)
    const hookFailed = (error: unknown) => service.warn('a drain hook threw', toError(error))
    const upgraded = service.webSockets
    const drain = new Drain({ connections, upgraded, members, reason, timeout, idle, moving, hookFailed })
    this.#drains.add(drain)
    service.announce('draining', { reason, connections: drain.openConnections, timeout })
    return drain
  }

  /** Runs the apps' `onClose` hooks. Returns a line for each that failed. */
  async #closeApps(members: Member[]): Promise<string[]> {
    const closing = members.map(({ app }) => within(Promise.resolve(app.close()), CLOSE_TIMEOUT, 'the onClose hooks'))
    const closed = await Promise.allSettled(closing)
    return closed.flatMap((outcome) => {
      if (outcome.status === 'fulfilled') return []
      this.#service.warn('closing the app failed', toError(outcome.reason))
      return [toError(outcome.reason).message]
    })
  }
}

function namesOf({ requests, holds }: Cut): string[] {
  return [...requests.map(({ method, url }) => `${method} ${url}`), ...holds]
}

function merge(cuts: Cut[]): Cut {
  return { requests: cuts.flatMap(({ requests }) => requests), holds: cuts.flatMap(({ holds }) => holds) }
}

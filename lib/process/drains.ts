import type { IsMeant } from '../connections/owned.js'
import { emptyQueues } from '../sockets/accept-queue.js'
import { toError } from '../util/to-error.js'
import { type Cut, mergeCuts } from './cut.js'
import { Drain, type DrainPlan } from './drain.js'
import type { HostedApp } from './hosted-app.js'
import type { Service } from './service.js'

/** How to drain, and how long that may take. */
export interface Manner extends Pick<DrainPlan, 'idle' | 'moving'> {
  limit: 'drainTimeout' | 'reloadDrainTimeout'
}

/** What leaves, and has not begun to drain. */
interface Leaving {
  /** Resolves when nothing waits for its servers. */
  emptied: Promise<void>
  /** Begins the drain, or returns the one that has begun. */
  begin(isCut?: boolean): Drain
}

/** What of this process drains: each app that closes by itself, and then the rest. */
export class Drains {
  readonly #service: Service
  readonly #inProgress = new Set<Drain>()
  readonly #leaving = new Set<Leaving>()
  /** Since when it drains, and by when that is over at the latest, on the clock of `performance.now()`. */
  #begun: number | undefined
  #end = 0
  #reason = ''
  /** Since the service ends: the longest that a drain may take. Milliseconds. */
  #hurried: number | undefined
  #sockets: 'end' | 'may go on' | 'go on'

  constructor(service: Service) {
    this.#service = service
    this.#sockets = service.launcher === undefined ? 'end' : 'may go on'
  }

  /**
   * The launcher has ordered this process to leave.
   *
   * @param asOne - others accept on the same sockets and go on; else the launcher has closed its duplicates
   */
  told(asOne: boolean): void {
    this.#sockets = asOne ? 'go on' : 'end'
  }

  /** By when everything is over at the latest, on the clock of `performance.now()`. */
  get end(): number {
    return this.#end
  }

  /** For reports: what is drained; undefined while nothing is. */
  get report(): { reason: string; begun: number; end: number; holds: string[] } | undefined {
    if (this.#begun === undefined) return undefined
    const holds = [...this.#inProgress].flatMap((drain) => drain.holds)
    return { reason: this.#reason, begun: this.#begun, end: this.#end, holds }
  }

  /**
   * One app leaves, or all that is not leaving already.
   *
   * @param losesQueue - whether the connections that nobody has accepted would be lost with the sockets
   * @returns that drain, and those that had begun before it
   */
  async begin(reason: string, manner: Manner, losesQueue: boolean, only?: HostedApp): Promise<[Drain, ...Drain[]]> {
    const earlier = [...this.#leaving]
    const leaving = this.#leave(reason, manner, only)
    // Whatever goes wrong with that, the drain follows.
    if (losesQueue) leaving.emptied = this.#emptyQueues(only).catch(() => {})
    await Promise.all([leaving, ...earlier].map(({ emptied }) => emptied))
    const others = new Set([...this.#inProgress, ...earlier.map((each) => each.begin())])
    const own = leaving.begin()
    others.delete(own)
    return [own, ...others]
  }

  /** Nothing is in progress any more, or has been cut off. Returns whether that is news. */
  ended(drain: Drain): boolean {
    const isNews = this.#inProgress.delete(drain)
    const goesOn = [...this.#service.apps].some(({ leaving }) => !leaving)
    if (goesOn && this.#inProgress.size === 0) this.#begun = undefined
    return isNews
  }

  /**
   * The service ends. A drain may not have begun when that is known: a child may read in one go that it is taken back
   * and that the service ends.
   *
   * @param timeout - what the drains may still take, if they had more. Milliseconds
   */
  hurry(timeout: number): void {
    this.#hurried = timeout
    this.#end = Math.min(this.#end, performance.now() + timeout)
    for (const drain of this.#inProgress) drain.hurry(timeout)
  }

  /** All that is not leaving already leaves now. */
  leaveAll(reason: string, manner: Manner): void {
    if ([...this.#service.apps].some(({ leaving }) => !leaving)) this.#leave(reason, manner)
  }

  /** Cuts off everything that is in progress. */
  force(): Cut {
    for (const leaving of this.#leaving) leaving.begin(true)
    return mergeCuts([...this.#inProgress].map((drain) => drain.force()))
  }

  /** What has been cut off is over. */
  clear(): void {
    this.#inProgress.clear()
  }

  #leave(reason: string, manner: Manner, only?: HostedApp): Leaving {
    const { apps: all, surplus } = this.#service
    const gone = new Set<unknown>([...all].filter(({ leaving }) => leaving))
    const apps = only === undefined ? [...all].filter((hosted) => !gone.has(hosted)) : [only]
    const isMeant = (owner: object | undefined) => (only === undefined ? !gone.has(owner) : owner === only)
    for (const hosted of apps) hosted.leaving = true
    if (only === undefined) {
      this.#service.closeControlSocket()
      surplus?.keepAll()
    }
    let drain: Drain | undefined
    const begin = (isCut = false) => {
      this.#leaving.delete(leaving)
      drain ??= this.#drain({ reason, ...manner, isCut }, apps, isMeant)
      return drain
    }
    const leaving: Leaving = { emptied: Promise.resolve(), begin }
    this.#leaving.add(leaving)
    return leaving
  }

  /** A service manager keeps its sockets, and a launcher those of a server that is followed by another one. */
  async #emptyQueues(only: HostedApp | undefined): Promise<void> {
    if (this.#sockets === 'go on') return
    const { connections, isForClients, listeners } = this.#service
    const isMeant = (owner: object | undefined) => (only === undefined ? isForClients(owner) : owner === only)
    await emptyQueues({
      accepting: () => listeners.accepting.filter(({ owner, activated }) => isMeant(owner) && !activated),
      opened: () => connections.of(isMeant).reduce((sum, { opened }) => sum + opened, 0),
      // If one app closes and the process goes on, the child of a reload may have its sockets.
      endHere: this.#sockets === 'end' && [...this.#service.apps].every(({ leaving }) => leaving),
      soon: this.#service.timers.setImmediate
    })
  }

  #drain(how: Manner & Pick<DrainPlan, 'reason' | 'isCut'>, apps: HostedApp[], isMeant: IsMeant): Drain {
    const { reason, limit, moving, isCut } = how
    const service = this.#service
    // Those too that have none now: more may come, to move on.
    const connections = service.connections.of(isMeant)
    service.listeners.close(service.listenersOf(isMeant))
    const patience = Math.max(...apps.map(({ options }) => options.drainTimeout), 0)
    const timeout = Math.min(Math.max(...apps.map(({ options }) => options[limit]), 0), this.#hurried ?? Infinity)
    const idle = this.#hurried === undefined ? how.idle : 'soon'
    this.#begun ??= performance.now()
    this.#reason = reason
    this.#end = Math.max(this.#end, performance.now() + timeout)
    const hookFailed: DrainPlan['hookFailed'] = (name, error) =>
      service.log.warn(`a ${name} hook threw`, toError(error))
    const { timers, webSockets: upgraded } = service
    const window = service.longest('websocketCloseWindow')
    const limits = { timeout, patience, window }
    const drain = new Drain({ connections, upgraded, apps, reason, timers, ...limits, idle, moving, isCut, hookFailed })
    this.#inProgress.add(drain)
    service.log.announce('draining', { reason, connections: service.countConnections(isMeant), timeout })
    drain.begin()
    return drain
  }
}

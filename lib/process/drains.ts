import type { IsMeant } from '../connections/owned.js'
import { toError } from '../errors.js'
import { emptyQueues } from '../sockets/accept-queue.js'
import { type Cut, mergeCuts } from './cut.js'
import { Drain, type DrainPlan } from './drain.js'
import type { HostedApp } from './hosted-app.js'
import type { Service } from './service.js'

/** How to drain, and how long that may take. */
export interface Manner extends Pick<DrainPlan, 'idle' | 'moving'> {
  limit: 'drainTimeout' | 'reloadDrainTimeout'
}

/** Begins to drain what leaves, or returns the drain that has begun. */
type Begin = () => Drain

/** What of this process drains: each app that closes by itself, and then the rest. */
export class Drains {
  readonly #service: Service
  readonly #underWay = new Set<Drain>()
  /** What leaves and has not begun to drain. */
  readonly #pending = new Set<Begin>()
  /** Since when it drains, and by when that is over at the latest, on the clock of `performance.now()`. */
  #begun: number | undefined
  #end = 0
  #reason = ''
  #sockets: 'end' | 'may go on' | 'go on'

  constructor(service: Service) {
    this.#service = service
    this.#sockets = service.launcher === undefined ? 'end' : 'may go on'
  }

  /**
   * The launcher has told this process to leave.
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
    const holds = [...this.#underWay].flatMap((drain) => drain.holds)
    return { reason: this.#reason, begun: this.#begun, end: this.#end, holds }
  }

  /**
   * One app leaves, or all that is not leaving already.
   *
   * @param isSucceeded - another process accepts on the same sockets
   * @returns that drain, and those that had begun before it
   */
  async begin(reason: string, manner: Manner, isSucceeded: boolean, only?: HostedApp): Promise<[Drain, ...Drain[]]> {
    const earlier = [...this.#pending]
    const begin = this.#leave(reason, manner, only)
    if (!isSucceeded) await this.#emptyQueues(only)
    const others = new Set([...this.#underWay, ...earlier.map((each) => each())])
    return [begin(), ...others]
  }

  /** Nothing is in progress any more, or has been cut off. Returns whether that is news. */
  ended(drain: Drain): boolean {
    return this.#underWay.delete(drain)
  }

  /**
   * The service ends.
   *
   * @param timeout - what the drains may still take, if they had more. Milliseconds
   */
  hurry(timeout: number): void {
    this.#end = Math.min(this.#end, performance.now() + timeout)
    for (const drain of this.#underWay) drain.hurry(timeout)
  }

  /** All that is not leaving already leaves now. */
  leaveAll(reason: string, manner: Manner): void {
    if ([...this.#service.apps].some(({ leaving }) => !leaving)) this.#leave(reason, manner)
  }

  /** Cuts off everything that is in progress. */
  force(): Cut {
    for (const begin of this.#pending) begin()
    return mergeCuts([...this.#underWay].map((drain) => drain.force()))
  }

  /** What has been cut off is over. */
  clear(): void {
    this.#underWay.clear()
  }

  #leave(reason: string, manner: Manner, only?: HostedApp): Begin {
    const { apps: all } = this.#service
    const gone = new Set<unknown>([...all].filter(({ leaving }) => leaving))
    const apps = only === undefined ? [...all].filter((hosted) => !gone.has(hosted)) : [only]
    const isMeant = (owner: object | undefined) => (only === undefined ? !gone.has(owner) : owner === only)
    for (const hosted of apps) hosted.leaving = true
    if (only === undefined) this.#service.closeControlSocket()
    let drain: Drain | undefined
    const begin = () => {
      this.#pending.delete(begin)
      drain ??= this.#drain(reason, manner, apps, isMeant)
      return drain
    }
    this.#pending.add(begin)
    return begin
  }

  /** What the system has accepted for this process would be lost with its sockets. */
  async #emptyQueues(only: HostedApp | undefined): Promise<void> {
    if (this.#sockets === 'go on') return
    const { counter, isForClients, listeners } = this.#service
    const isMeant = (owner: object | undefined) => (only === undefined ? isForClients(owner) : owner === only)
    const accepting = listeners.accepting.filter(({ owner }) => isMeant(owner))
    await emptyQueues(accepting, this.#sockets === 'end', () => counter.counts.opened)
  }

  #drain(reason: string, { idle, moving, limit }: Manner, apps: HostedApp[], isMeant: IsMeant): Drain {
    const service = this.#service
    // Those too that have none now: more may come, to move on.
    const connections = service.connections.of(isMeant)
    service.listeners.close(service.listenersOf(isMeant))
    const patience = Math.max(...apps.map(({ options }) => options.drainTimeout), 0)
    const timeout = Math.max(...apps.map(({ options }) => options[limit]), 0)
    this.#begun ??= performance.now()
    this.#reason = reason
    this.#end = Math.max(this.#end, performance.now() + timeout)
    const hookFailed: DrainPlan['hookFailed'] = (name, error) =>
      service.log.warn(`a ${name} hook threw`, toError(error))
    const upgraded = service.webSockets
    const window = service.longest('websocketCloseWindow')
    const limits = { timeout, patience, window }
    const drain = new Drain({ connections, upgraded, apps, reason, ...limits, idle, moving, hookFailed })
    this.#underWay.add(drain)
    service.log.announce('draining', { reason, connections: service.countConnections(isMeant), timeout })
    return drain
  }
}

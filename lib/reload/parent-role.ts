import { setImmediate as nextTurnOfLoop } from 'node:timers/promises'
import { watchBoot } from '../boot-watch.js'
import type { ReloadProgress } from '../control/reports.js'
import { OutcomeUnknownError, StoppingError, VetoedError } from '../errors.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { ServerCallers } from '../process/callers.js'
import { describeEnding, type Ending } from '../process/channel-process.js'
import { loadModulesNow } from '../process/later-modules.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import type { ToParent } from '../protocol/messages.js'
import { type Ask, awaitsStart, type ChildId, type ParentWord, type Reload } from '../protocol/server.js'
import { abortable } from '../util/abortable.js'
import { guarded } from '../util/guarded.js'
import { toError } from '../util/to-error.js'
import { ChildMessages } from './child-messages.js'
import { shareCompileCache } from './compile-cache.js'
import { HealthWatch } from './health-watch.js'
import { Legacy } from './legacy.js'
import { bootTime } from './longest-boot.js'
import { MovingOut } from './moving-out.js'
import { PassedOnReloads } from './passed-on-reloads.js'
import type { Relatives } from './relatives.js'
import type { ReloadHealth } from './reload-health.js'
import { Successor } from './successor.js'
import { Successors } from './successors.js'

/** This process as the parent of a reload: what it asks of the system, of the apps and of the child. */
export class ParentRole {
  readonly successors: Successors
  #movingOut: MovingOut | undefined
  #health: HealthWatch | undefined
  readonly #service: Service
  readonly #host: ServerHost
  readonly #passedOn: PassedOnReloads
  #asking = new AbortController()
  #begun = 0
  readonly #legacy: Legacy
  readonly #messages: ChildMessages
  /** The child of the reload in progress, or of the last one. */
  #latest: ChildId | undefined

  constructor(service: Service, host: ServerHost, callers: ServerCallers, relatives: () => Relatives) {
    this.#service = service
    this.#host = host
    this.#passedOn = new PassedOnReloads(host, callers)
    this.successors = new Successors(service)
    this.#legacy = new Legacy(service, host, this.successors)
    const [successors, passedOn] = [this.successors, this.#passedOn]
    this.#messages = new ChildMessages({
      ...{ service, host, successors, passedOn, relatives },
      health: () => this.#health,
      boots: (child) => this.#legacy.brief(child, performance.now() - this.#begun)
    })
  }

  /** When the check in progress began, or the last one, on the clock of `performance.now()`. */
  checkBegun = 0

  /** When the reload in progress began, on the clock of `performance.now()`. */
  get begun(): number {
    return this.#begun
  }

  /**
   * How long the child of the reload in progress may take to be ready, counted from the beginning of the reload.
   * Milliseconds.
   */
  get readyTimeout(): number {
    const reported = this.#latest === undefined ? 0 : (this.successors.get(this.#latest)?.readyTimeout ?? 0)
    return bootTime(this.#service.options.readyTimeout, reported)
  }

  /** How much of that is left. Milliseconds. */
  get readyTimeLeft(): number {
    const begun = this.#host.at.name === 'checking' ? this.checkBegun : this.#begun
    return Math.max(0, this.readyTimeout - (performance.now() - begun))
  }

  /** The answers of both sides of the reload, if they are counted. */
  get health(): ReloadHealth | undefined {
    return this.#health?.figures
  }

  /** The progress of a reload. */
  report({ reason }: Reload, child: ChildId): Omit<ReloadProgress, 'step' | 'generation' | 'remaining' | 'probation'> {
    const elapsed = Math.round(performance.now() - this.#begun)
    const pid = this.successors.get(child)?.child?.pid
    const migrated = this.#service.migration?.migrated ?? 0
    const health = this.#movingOut && this.health
    return {
      reason,
      ...(pid !== undefined && { child: pid }),
      migrated,
      elapsed,
      ...(health && { health })
    }
  }

  /** Begins a reload by asking the preReload hooks. */
  async askHooks({ reason }: Reload): Promise<void> {
    const service = this.#service
    this.#begun = performance.now()
    service.migration = undefined
    this.#movingOut = undefined
    const { health } = service.options
    const watch = health === false ? undefined : new HealthWatch(service, this.#host, health)
    this.#health = watch
    this.#latest = undefined
    this.#asking = new AbortController()
    const { signal } = this.#asking
    service.notices.reloading()
    try {
      // Clients wait meanwhile: each turn of the event loop does a part of it.
      await nextTurnOfLoop()
      await watch?.count()
      if (signal.aborted) return
      service.surroundings.tellAtReload((warning) => service.log.warn(warning))
      for (const { hooks } of service.apps) await abortable(hooks.run('preReload', { reason }, signal), signal)
      this.#host.tell({ type: 'approved', saves: [...service.apps].some(({ options }) => options.state) })
    } catch (cause) {
      const error = Object.assign(new VetoedError(toError(cause).message), { cause })
      if (!signal.aborted) this.#host.tell({ type: 'vetoed', error })
    }
  }

  stopAsking(): void {
    this.#asking.abort()
  }

  /** Starts a child that shows whether it could take over. No hook runs, and the service manager gets no notice. */
  startCheck(child: ChildId): Promise<void> {
    this.checkBegun = performance.now()
    return this.start(child, this.#service.startCheck)
  }

  async start(child: ChildId, startChild = this.#service.startChild): Promise<void> {
    this.#latest = child
    this.#legacy.begin(child)
    const { command, listeners, options, generation } = this.#service
    try {
      await nextTurnOfLoop()
      loadModulesNow()
      const again = command.again(options.env)
      const warning = shareCompileCache(again, options.compileCache)
      if (warning !== undefined) this.#service.log.warnOnce(warning)
      watchBoot(again)
      if (startChild === this.#service.startChild) this.#restorePaths()
      await nextTurnOfLoop()
      if (!awaitsStart(this.#host.at, child)) throw new StoppingError('the start of its child was called off')
      const inherited = listeners.handable()
      const successor = new Successor(
        again,
        inherited.map(([listener]) => listener)
      )
      this.successors.add(child, successor)
      successor.times.started = performance.now()
      const hear = (message: ToParent, handle?: ListeningHandle) =>
        this.#messages.hear(child, successor, message, handle)
      const started = await startChild(again, generation + 1, inherited, hear)
      this.successors.started(successor, started)
      void started.ended.then((ending) => this.#ended(child, successor, ending))
      this.#host.tell({ type: 'started', child })
    } catch (error) {
      this.#host.tell({ type: 'not started', child, error })
    }
  }

  #restorePaths(): void {
    for (const path of this.#service.listeners.restorePaths())
      this.#service.log.warn(`the unix socket ${path} had been removed by another program, and is bound again`)
  }

  noteCheck(child: ChildId, { reason }: Reload): void {
    this.#service.log.announce('check-started', { reason, child: this.successors.get(child)?.pid ?? 0 })
  }

  noteChild(child: ChildId, { reason }: Reload): void {
    this.#service.log.announce('reload-started', { reason, child: this.successors.get(child)?.pid ?? 0 })
  }

  saveState(child: ChildId): Promise<void> {
    return this.#legacy.saveState(child)
  }

  /**
   * Closes the sockets that the child accepts on. A duplicate of each stays open, with which this process can accept
   * again.
   */
  sleep(child: ChildId): void {
    const duplicates = this.successors.get(child)?.takeDuplicates() ?? []
    for (const [listener, dormant] of duplicates) this.#service.listeners.sleep(listener, dormant)
  }

  tell(child: ChildId, word: ParentWord): void {
    if (word.type === 'take over') this.#legacy.letTakeOver(child, performance.now() - this.#begun)
    else if (word.type === 'try') this.#legacy.letTry(child)
    else if (word.type === 'stop') this.successors.send(child, { type: 'stop', reason: word.reason })
    else this.successors.send(child, word)
  }

  /** The child accepts: open connections move to it. */
  async handOver(child: ChildId): Promise<void> {
    const service = this.#service
    const successor = this.successors.get(child)
    if (successor?.child === undefined || successor.exchange === undefined) return
    const { probation } = service.options
    this.#legacy.report(child)
    service.log.announce('handed-over', { child: successor.pid, probation })
    service.notices.handedOver()
    this.#movingOut = new MovingOut(service, successor.child, successor.exchange, successor.listeners)
    const [health, script] = [this.#health, successor.release?.script]
    await nextTurnOfLoop()
    health?.begin(child, () => this.successors.send(child, { type: 'how are you' }))
    await nextTurnOfLoop()
    this.#warnOfMovedLink(script)
  }

  #warnOfMovedLink(script: string | undefined): void {
    const link = this.#service.command.movedLink(script)
    if (link !== undefined)
      this.#service.log.warn(
        `${link} leads elsewhere, but the reload loaded ${script} again; name the link by the option directory, ` +
          'or by --directory of the launcher'
      )
  }

  /** This process serves again, or stops: connections that have not moved yet stay. */
  stopMoving(): void {
    this.#movingOut?.stop()
  }

  /** This process serves again. The child, if it lives, finishes its requests in progress. */
  takeBack(): void {
    const { ledger } = this.#service
    this.#service.writePidFile()
    if (this.#latest === undefined) return
    ledger.quiet(this.#latest)
    ledger.drains(this.#latest, true)
  }

  /** The reload is over: the child is no longer judged. */
  endHealth(): void {
    this.#health?.end()
  }

  /** From now on, the drain makes clients disconnect. */
  endFarewell(): void {
    this.#movingOut?.endFarewell()
  }

  /** Passes a reload that a caller has requested of this process on to the child, which makes it. */
  passOn(child: ChildId, asks: readonly Ask[], reason: string): void {
    const id = this.#passedOn.add(asks)
    const lost = (error: unknown) => this.#passedOn.learn(id, new OutcomeUnknownError(toError(error).message))
    this.successors.deliver(child, { type: 'reload', id, reason }).catch(lost)
  }

  #ended(child: ChildId, successor: Successor, ending: Ending): void {
    const isOutOfReach = successor.child?.isOutOfReach === true
    guarded(() => {
      successor.ended(ending)
      this.#service.ledger.ended(child)
      successor.exchange?.gone(isOutOfReach)
    })
    const { signals } = this.#service.options
    // The reload signal ends a child that does not listen to signals yet. The caller wanted a reload, so one more
    // follows.
    const isRequest = ending.signal !== null && signals !== false && signals.reload.includes(ending.signal)
    const again = isRequest && successor.times.serving === 0 ? (ending.signal ?? undefined) : undefined
    this.#host.tell({ type: 'child ended', child, how: describeEnding(ending), again })
    // By now this process accepts again, if it is to serve.
    guarded(() => successor.exchange?.takeBack(isOutOfReach))
    if (successor.exchange !== undefined) this.#service.arrivals.delete(successor.exchange.arrivals)
  }
}

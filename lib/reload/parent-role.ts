import { watchBoot } from '../boot-watch.js'
import type { ReloadProgress } from '../control/reports.js'
import { fromPlainError, OutcomeUnknownError, StateError, toError, VetoedError } from '../errors.js'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { ListeningHandle } from '../internals/listening-handle.js'
import type { ServerCallers } from '../process/callers.js'
import { describeEnding, type Ending } from '../process/channel-process.js'
import { loadModulesNow } from '../process/later-modules.js'
import type { ServerHost } from '../process/server-host.js'
import type { Service } from '../process/service.js'
import { isOfConnections } from '../protocol/connection-messages.js'
import type { ReloadBrief, ToChild, ToParent } from '../protocol/messages.js'
import type { Ask, ChildId, ParentWord, Reload } from '../protocol/server.js'
import { ticketKeysOf } from '../sockets/tls-tickets.js'
import { abortable } from '../util/abortable.js'
import { guarded } from '../util/guarded.js'
import { type SavedStates, saveStates } from './app-states.js'
import { shareCompileCache } from './compile-cache.js'
import { HealthWatch } from './health-watch.js'
import { bootTime } from './longest-boot.js'
import { MovingOut } from './moving-out.js'
import { PassedOnReloads } from './passed-on-reloads.js'
import type { Relatives } from './relatives.js'
import type { ReloadHealth } from './reload-health.js'
import { Successor } from './successor.js'
import { Successors } from './successors.js'

const NOTHING_SAVED: SavedStates = { states: [], stateListeners: [] }

/** This process as the parent of a reload: what it asks of the system, of the apps and of the child. */
export class ParentRole {
  readonly successors: Successors
  #movingOut: MovingOut | undefined
  #health: HealthWatch | undefined
  readonly #service: Service
  readonly #host: ServerHost
  readonly #passedOn: PassedOnReloads
  readonly #relatives: () => Relatives
  #asking = new AbortController()
  #begun = 0
  #saved: SavedStates = NOTHING_SAVED
  /** The child of the reload in progress: what an earlier one still waited for is of no use any more. */
  #latest: ChildId | undefined

  constructor(service: Service, host: ServerHost, callers: ServerCallers, relatives: () => Relatives) {
    this.#relatives = relatives
    this.#service = service
    this.#host = host
    this.#passedOn = new PassedOnReloads(host, callers)
    this.successors = new Successors(service)
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
    this.#health = health === false ? undefined : new HealthWatch(service, this.#host, health)
    this.#saved = NOTHING_SAVED
    this.#latest = undefined
    this.#asking = new AbortController()
    const { signal } = this.#asking
    service.surroundings.tellAtReload((warning) => service.log.warn(warning))
    service.notices.reloading()
    try {
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
    this.#saved = NOTHING_SAVED
    return this.start(child, this.#service.startCheck)
  }

  async start(child: ChildId, startChild = this.#service.startChild): Promise<void> {
    this.#latest = child
    const { command, listeners, options, generation } = this.#service
    try {
      loadModulesNow()
      const again = command.again(options.env)
      const warning = shareCompileCache(again, options.compileCache)
      if (warning !== undefined) this.#service.log.warnOnce(warning)
      watchBoot(again)
      if (startChild === this.#service.startChild) this.#restorePaths()
      const inherited = listeners.handable()
      const successor = new Successor(
        again,
        inherited.map(([listener]) => listener)
      )
      this.successors.add(child, successor)
      successor.times.started = performance.now()
      const hear = (message: ToParent, handle?: ListeningHandle) => this.#hear(child, successor, message, handle)
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

  /** The saved state must not become old at once, so this process has stopped accepting. */
  async saveState(child: ChildId): Promise<void> {
    const { listeners = [] } = this.successors.get(child) ?? {}
    try {
      const saved = await saveStates([...this.#service.apps], listeners)
      if (this.#latest === child) this.#saved = saved
      this.#host.tell({ type: 'saved', child })
    } catch (cause) {
      const error = Object.assign(new StateError(toError(cause).message), { cause })
      this.#host.tell({ type: 'not saved', child, error })
    }
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
    if (word.type === 'take over') this.#letTakeOver(child)
    else if (word.type === 'try') this.#hand(child, { type: 'try', ...this.#saved })
    else if (word.type === 'stop') this.successors.send(child, { type: 'stop', reason: word.reason })
    else this.successors.send(child, word)
  }

  /** The child accepts: open connections move to it. */
  handOver(child: ChildId): void {
    const service = this.#service
    const successor = this.successors.get(child)
    if (successor?.child === undefined || successor.exchange === undefined) return
    const { probation } = service.options
    service.ledger.report(child, (tally) => this.successors.deliver(child, { type: 'tally', tally }).catch(() => {}))
    service.log.announce('handed-over', { child: successor.pid, probation })
    service.notices.handedOver()
    this.#movingOut = new MovingOut(service, successor.child, successor.exchange, successor.listeners)
    this.#health?.begin(child, () => this.successors.send(child, { type: 'how are you' }))
    const script = successor.release?.script
    const link = service.command.movedLink(script)
    if (link !== undefined)
      service.log.warn(
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

  #letTakeOver(child: ChildId): void {
    const { listeners = [] } = this.successors.get(child) ?? {}
    const ticketKeys = listeners.flatMap(({ server }, index) => ticketKeysOf(server, index))
    const reload = this.#brief()
    this.#service.ledger.meet(child, false)
    this.#hand(child, { type: 'take over', ...this.#saved, ticketKeys, reload })
  }

  #hand(child: ChildId, message: ToChild): void {
    this.successors.deliver(child, message).catch((cause) => {
      // A child that has just ended tells by that how the reload failed.
      if (isOfChannel(cause) || this.successors.get(child)?.child?.hasEnded) return
      const error = Object.assign(new StateError(toError(cause).message), { cause })
      this.#host.tell({ type: 'not sent', child, error })
    })
  }

  #brief(): ReloadBrief | undefined {
    const { at } = this.#host
    if (at.name !== 'reloading') return undefined
    const { history, ledger, options } = this.#service
    const elapsed = performance.now() - this.#begun
    return {
      reason: at.reload.reason,
      elapsed,
      probation: options.probation,
      history: history.report,
      counts: ledger.total
    }
  }

  #hear(child: ChildId, successor: Successor, message: ToParent, handle: ListeningHandle | undefined): unknown {
    if (isOfConnections(message)) return successor.exchange?.hear(message, handle as ConnectionHandle | undefined)
    successor.note(message, handle)
    switch (message.type) {
      case 'ready': {
        const { defect: error } = successor
        const { isCheck = false } = message
        const word = { type: 'ready', isCheck, ...(error && { error }) } as const
        return this.#host.tell({ type: 'child said', child, word })
      }
      case 'health':
        return this.#health?.heard(child, message.answers)
      case 'confirmed':
        // What it has answered counts first.
        this.#health?.heard(child, message.answers)
        return this.#host.tell({ type: 'child said', child, word: { type: 'confirmed' } })
      case 'tally':
        return this.#service.ledger.heard(child, message.tally)
      case 'checked':
        return this.#host.tell({ type: 'child said', child, word: { type: 'checked' } })
      case 'boots':
        return this.#host.tell({ type: 'child said', child, word: { type: 'boots' } })
      case 'serving':
      case 'roll back':
      case 'stopping':
        return this.#host.tell({ type: 'child said', child, word: message })
      case 'reloaded':
        return this.#passedOn.learn(message.id, message.result)
      case 'reload failed':
        return this.#passedOn.learn(message.id, fromPlainError(message.error))
      case 'who drains':
        return this.#relatives().answer(message, successor.pid, (answer) => this.successors.send(child, answer))
      case 'these drain':
        return this.#relatives().heard(message)
      case 'listener':
      case 'failed':
        return undefined
      default:
        return message satisfies never
    }
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

/**
 * Whether a message could not be sent because nobody is at the other end:
 * https://nodejs.org/api/errors.html#class-systemerror
 */
function isOfChannel(error: unknown): boolean {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException
  return syscall !== undefined || code?.startsWith('ERR_IPC') === true
}

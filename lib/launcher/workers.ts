import { StoppingError, toError, toPlainError } from '../errors.js'
import { Callers } from '../process/callers.js'
import type { Ending, SpawnCommand } from '../process/subprocess.js'
import {
  acceptingOf,
  begin,
  currentOf,
  type Effect,
  type Input,
  isLast,
  isServing,
  type ServerId,
  step,
  type Timer
} from '../protocol/launcher.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { Deadlines } from '../util/deadline.js'
import { restartPause } from './backoff.js'
import { Balancer } from './balancer.js'
import { errorOf } from './failure.js'
import { type HeldListener, HeldListeners } from './held-listeners.js'
import { limitOf, SILENCE } from './limits.js'
import type { Log } from './log.js'
import { levelOf, lineOf, restartLine } from './log-lines.js'
import { Processes } from './processes.js'
import { resultOf } from './result.js'
import type { Server, Service } from './server.js'

/** How often each server is asked whether it answers. Milliseconds. */
const PING_INTERVAL = 1000

/** What the workers tell. */
export interface WorkersEvents {
  log: Log
  /** A server has said something that is meant for somebody else. */
  foreign(raw: unknown): void
  /** What the app of this server has chosen counts from now on. */
  follow(service: Service, isFirst: boolean, isReloading: boolean): void
  reloadBegins(): void
  /** Resolves when all know it who must know it before the callers do. */
  reloadEnded(error: Error | undefined): Promise<void>
  stopping(): void
}

/** Those that belong to a server. */
const SERVER_TIMERS: readonly Timer[] = ['boot', 'steady', 'stop', 'force', 'kill', 'silence']

/** A timer, with the number of what it belongs to. */
type Wait = `${Timer} ${number}`

type EffectOf<D extends Effect['do']> = Extract<Effect, { do: D }>

/** All workers of a launcher: servers that accept on the same sockets. What becomes of them is decided in `lib/protocol/launcher.ts`. */
export class Workers {
  /** Resolves, with the end of the last server, when none is left. */
  readonly ended: Promise<Ending>
  readonly count: number
  readonly #events: WorkersEvents
  readonly #held: HeldListeners
  readonly #processes: Processes
  readonly #callers = new Callers()
  readonly #deadlines = new Deadlines<Wait>((name) => this.#due(name))
  readonly #pulse = setInterval(() => this.#ping(), PING_INTERVAL)
  readonly #spread = new Balancer(() => this.#accepting)
  #state: ReturnType<typeof begin>
  readonly #inputs: Input[] = []
  #isBusy = false
  #end!: (ending: Ending) => void

  /**
   * @param passed - listening sockets for the first server to adopt
   * @param control - where the launcher answers
   */
  constructor(
    command: SpawnCommand,
    count: number,
    passed: readonly HeldListener[],
    control: string | undefined,
    events: WorkersEvents
  ) {
    this.#events = events
    this.#held = new HeldListeners(passed)
    this.#state = begin(count)
    this.#processes = new Processes(command, this.#held, control, {
      input: (input) => this.#input(input),
      closed: () => this.#update(),
      asked: (server, id, reason) => void this.#answerServer(server, id, reason),
      counted: (...word) => this.#spread.heard(...word),
      foreign: events.foreign
    })
    this.count = count
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** Starts the first worker; the others follow when it serves. */
  start(): void {
    this.#input({ type: 'start' })
  }

  /**
   * Reloads all workers. A reload that is asked for while another one runs follows it, once, however many asked for it.
   *
   * @returns the result of the first worker; with several workers, those of all of them as `workers`
   */
  reload(reason: string): Promise<ReloadResult> {
    const [ask, outcome] = this.#callers.add()
    this.#input({ type: 'reload', ask, reason })
    return outcome
  }

  /** Lets the servers finish what they have in progress, and starts no other ones. The second stop forces. */
  stop(signal: NodeJS.Signals): void {
    this.#input({ type: 'stop', signal })
  }

  force(reason: string): void {
    this.#input({ type: 'force', reason })
  }

  /** Passes a signal on that means nothing to us. */
  forward(signal: NodeJS.Signals): void {
    this.#input({ type: 'forward', signal })
  }

  /** The server of each worker that has had one: the one that serves, or did so last. */
  get current(): Server[] {
    return this.#state.workers.flatMap(({ current }) => this.#find(current) ?? [])
  }

  /** Those of them that serve. */
  get serving(): Server[] {
    return this.#state.workers.flatMap(({ id }) => {
      const server = currentOf(this.#state, id)
      return isServing(server) ? (this.#find(server.id) ?? []) : []
    })
  }

  /** Closes what the servers have left open. */
  dispose(): void {
    clearInterval(this.#pulse)
    this.#held.dispose()
  }

  /** Inputs come one after the other, also those that an effect leads to at once. */
  #input(input: Input): void {
    this.#inputs.push(input)
    if (this.#isBusy) return
    this.#isBusy = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const [state, effects] = step(this.#state, next)
      this.#state = state
      for (const effect of effects) this.#try(effect)
    }
    this.#isBusy = false
    this.#update()
  }

  /** Whatever an effect leads to has a limit, so one that fails does not end the service. */
  #try(effect: Effect): void {
    try {
      this.#carryOut(effect)
    } catch (error) {
      this.#events.log(`"${effect.do}" failed: ${toError(error).message}`)
    }
  }

  #carryOut(effect: Effect): unknown {
    switch (effect.do) {
      case 'wait':
        return this.#wait(effect)
      case 'cancel':
        return this.#deadlines.cancel(`${effect.timer} ${effect.id}`)
      case 'forget':
        return this.#forget(effect.server)
      case 'pause':
        return this.#pause(effect)
      case 'start':
        return this.#processes.start(effect)
      case 'start child':
        return this.#processes.startChild(effect)
      case 'refuse child':
        return this.#processes.refuseChild(effect.parent, effect.child, new StoppingError('stop'))
      case 'tell':
        return this.#tell(effect)
      case 'undo':
        return this.#undo(effect)
      case 'kill':
        return this.#find(effect.server)?.kill(effect.signal)
      case 'release':
        return this.#held.release()
      case 'follow':
        return this.#follow(effect)
      case 'note reload':
        return this.#events.reloadBegins()
      case 'note end':
        return this.#noteEnd(effect)
      case 'note stop':
        return this.#events.stopping()
      case 'answer':
        return this.#answer(effect)
      case 'log':
        return this.#events.log(lineOf(effect, this.#processes), levelOf(effect))
      case 'end':
        return this.#end(effect.ending)
      default:
        return effect satisfies never
    }
  }

  #find(id: ServerId | undefined): Server | undefined {
    return this.#processes.find(id)
  }

  #errorOf(failure: Parameters<typeof errorOf>[0]): Error {
    return errorOf(failure, failure.kind === 'late' ? this.#find(failure.server) : undefined)
  }

  #wait(effect: EffectOf<'wait'>): void {
    const { timer, id } = effect
    const worker = timer === 'share' ? currentOf(this.#state, id)?.id : id
    const server = this.#find(worker)
    const age = server === undefined ? 0 : performance.now() - server.begun
    this.#deadlines.wait(`${timer} ${id}`, limitOf(effect, server?.service ?? this.#processes.service, age))
  }

  #due(name: Wait): void {
    const [timer, id] = name.split(' ')
    this.#input({ type: 'due', timer: timer as Timer, id: Number(id) })
  }

  /** A server has ended, and with it its timers. */
  #forget(server: ServerId): void {
    for (const timer of SERVER_TIMERS) this.#deadlines.cancel(`${timer} ${server}`)
  }

  #tell({ server, order }: EffectOf<'tell'>): void {
    if (order.type === 'ping') this.#find(server)?.ping()
    else this.#find(server)?.tell(order)
  }

  #undo({ server, failure }: EffectOf<'undo'>): void {
    this.#find(server)?.tell({ type: 'undo', error: toPlainError(this.#errorOf(failure)) })
  }

  #noteEnd({ failure }: EffectOf<'note end'>): void {
    const told = this.#events.reloadEnded(failure && this.#errorOf(failure))
    void told.finally(() => this.#input({ type: 'noted' }))
  }

  #pause({ worker, crashes, lost }: EffectOf<'pause'>): void {
    const pause = restartPause(crashes, Math.random())
    const server = this.#find(lost)
    if (server !== undefined) this.#events.log(restartLine(server, pause), 'error')
    this.#deadlines.wait(`restart ${worker}`, pause)
  }

  #follow({ server, isFirst, isReloading }: EffectOf<'follow'>): void {
    const { service } = this.#find(server) ?? {}
    if (service !== undefined) this.#events.follow(service, isFirst, isReloading)
  }

  #answer({ asks, reason, outcome }: EffectOf<'answer'>): void {
    const isFailure = 'failure' in outcome
    const end = isFailure ? this.#errorOf(outcome.failure) : resultOf(outcome.shares, reason, (id) => this.#find(id))
    this.#callers.answer(asks, end)
  }

  /** A server asks for a reload on behalf of somebody. */
  async #answerServer(server: Server, id: number, reason: string): Promise<void> {
    try {
      server.tell({ type: 'reload answered', id, result: await this.reload(reason) })
    } catch (error) {
      server.tell({ type: 'reload refused', id, error: toPlainError(error) })
    }
  }

  /** The servers that accept, and answer. */
  get #accepting(): Server[] {
    return this.#state.workers.flatMap(({ id }) => {
      const server = acceptingOf(this.#state, id)
      return server === undefined || server.isSilent ? [] : (this.#find(server.id) ?? [])
    })
  }

  #ping(): void {
    for (const { id, stage } of this.#state.servers) {
      const server = stage === 'serving' ? this.#find(id) : undefined
      if (server === undefined || server.ping() < SILENCE) continue
      // After a stall of this process, what the server has said meanwhile is read first.
      setImmediate(() => {
        if (server.ping() >= SILENCE) this.#input({ type: 'silent', server: id })
      })
    }
  }

  /** Keeps what follows from the state: which sockets are held, how connections spread, which processes are still spoken of. */
  #update(): void {
    const { workers, servers } = this.#state
    if (isServing(currentOf(this.#state, 0))) this.#held.settle()
    for (const worker of workers) {
      const server = currentOf(this.#state, worker.id)
      if (isServing(server) || isLast(this.#state, worker))
        this.#held.need(worker.id, this.#find(server?.id)?.listeners ?? [])
    }
    this.#processes.keep(servers.map(({ id }) => id))
    this.#held.sweep(this.#processes.listeners)
    if (this.count > 1) this.#spread.update()
  }
}

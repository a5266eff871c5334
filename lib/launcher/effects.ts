import type { ScaleResult } from '../control/reports.js'
import { StoppingError, toPlainError } from '../errors.js'
import type { Callers } from '../process/callers.js'
import type { Ending } from '../process/channel-process.js'
import { type EffectHandler, failureOf } from '../process/host.js'
import { currentOf, type Effect, type Failure, type Outcome, type ServerId, type Timer } from '../protocol/launcher.js'
import type { ReachedTimings, ReloadResult } from '../reload/reload-result.js'
import { Deadlines } from '../util/deadline.js'
import { restartPause } from './backoff.js'
import { errorOf, errorOfWorker, scaleFailureOf } from './failure.js'
import type { HeldListeners } from './held-listeners.js'
import type { LauncherHost } from './launcher-host.js'
import { limitOf } from './limits.js'
import type { Log } from './log.js'
import { levelOf, lineOf, restartLine } from './log-lines.js'
import type { Restarts } from './restarts.js'
import { resultOf } from './result.js'
import type { Server, Service } from './server.js'
import type { Servers } from './servers.js'

/**
 * Resolves when all know it who must know it before the callers do. `reached`: how long the steps took of a reload that
 * failed.
 */
export type TellEnd = (outcome: ReloadResult | Error, reached?: ReachedTimings) => Promise<void>

/** The events of the workers for the launcher. */
export interface WorkersEvents {
  log: Log
  /** This server serves from now on, whichever worker it belongs to. */
  serves(server: Server): void
  /** A server loads these files. */
  loads(server: Server, paths: string[]): void
  /** A server has sent a message for another process. */
  foreign(raw: unknown): void
  /** The choices of the app of this server apply from now on. */
  follow(service: Service, isFirst: boolean, isReloading: boolean): void
  reloadBegins(): void
  /** A reload has ended. Returns what is called when it is known why: by then the next one may have begun. */
  reloadEnds(reason: string): TellEnd
  /** A server that crashed is started again. */
  restarted(): void
  /** A server has ended, and the next one waits for a reload. */
  held(why: string): void
  stopping(): void
}

/** The parts of a launcher that effects are carried out by. */
export interface Parts {
  readonly host: LauncherHost
  readonly servers: Servers
  readonly held: HeldListeners
  readonly callers: Callers<ReloadResult | ScaleResult>
  readonly events: WorkersEvents
  readonly restarts: Restarts
  /** No input is left. */
  rested(): void
  /** The last server has ended. */
  ended(ending: Ending): void
}

type Of<D extends Effect['do']> = Extract<Effect, { do: D }>

type Table = { readonly [D in Effect['do']]: (effect: Of<D>) => unknown }

/** A timer, with the number of what it belongs to. */
type Wait = `${Timer} ${number}`

/** Those that belong to a server. */
const SERVER_TIMERS: readonly Timer[] = ['boot', 'steady', 'stop', 'force', 'kill', 'silence']

/** Turns what the machine of the launcher decides into calls. */
export class Effects implements EffectHandler<Effect> {
  readonly #find: () => Parts
  readonly #deadlines = new Deadlines<Wait>((name) => this.#due(name))
  #table: Table | undefined

  /** @param find - the parts, which need the host of this handler themselves */
  constructor(find: () => Parts) {
    this.#find = find
  }

  carryOut(effect: Effect): unknown {
    const parts = this.#find()
    this.#table ??= { ...waitsOf(parts, this.#deadlines), ...serversOf(parts), ...outsideOf(parts) }
    const carryOut = this.#table[effect.do] as (effect: Effect) => unknown
    return carryOut(effect)
  }

  failed(effect: Effect, error: unknown): void {
    this.#find().events.log(failureOf(effect, error))
  }

  rested(): void {
    this.#find().rested()
  }

  #due(name: Wait): void {
    const [timer, id] = name.split(' ')
    this.#find().host.tell({ type: 'due', timer: timer as Timer, id: Number(id) })
  }
}

function waitsOf({ host, servers, events, restarts }: Parts, deadlines: Deadlines<Wait>) {
  return {
    wait: (effect) => {
      const { timer, id } = effect
      const server = servers.find(awaitedBy(effect, host))
      const age = server === undefined ? 0 : performance.now() - server.begun
      const booting = timer === 'turn' ? toldIn(id, host, servers) : (server?.readyTimeout ?? 0)
      const service = server?.service ?? servers.service
      const limits = timer === 'stop' ? withChildren(service, id, host, servers) : service
      deadlines.wait(`${timer} ${id}`, limitOf(effect, limits, age, booting))
    },
    cancel: ({ timer, id }) => deadlines.cancel(`${timer} ${id}`),
    forget: ({ server }) => {
      for (const timer of SERVER_TIMERS) deadlines.cancel(`${timer} ${server}`)
    },
    pause: ({ worker, crashes, lost }) => {
      const pause = restartPause(crashes, Math.random())
      const server = servers.find(lost)
      if (server !== undefined) events.log(restartLine(server, pause), 'error')
      deadlines.wait(`restart ${worker}`, pause)
      restarts.add(worker, server, pause)
      events.restarted()
    }
  } satisfies Partial<Table>
}

/** The server that a timer is about, if it is about a single one. */
function awaitedBy({ timer, id }: Of<'wait'>, { state }: LauncherHost): ServerId | undefined {
  if (timer === 'signal') return undefined
  return timer === 'turn' ? currentOf(state, id)?.id : id
}

/** How long the servers of a worker that boot have said that they may take. Milliseconds. */
function toldIn(worker: number, { state }: LauncherHost, servers: Servers): number {
  const booting = state.servers.filter((one) => one.worker === worker && one.stage === 'booting')
  return Math.max(0, ...booting.map(({ id }) => servers.find(id)?.readyTimeout ?? 0))
}

/** A parent that stops ends after its child, whose release may allow itself more time for that. */
function withChildren(
  service: Service | undefined,
  parent: ServerId,
  { state }: LauncherHost,
  servers: Servers
): Service | undefined {
  if (service === undefined) return undefined
  const children = state.servers.filter((one) => one.parent === parent)
  const stops = children.map(({ id }) => servers.find(id)?.service?.times.stop ?? 0)
  return { ...service, times: { ...service.times, stop: Math.max(service.times.stop, ...stops) } }
}

function serversOf(parts: Parts) {
  const { servers, held } = parts
  return {
    start: (effect) => servers.start(effect),
    'start child': (effect) => servers.startChild(effect),
    'refuse child': ({ parent, child }) => servers.refuseChild(parent, child, new StoppingError('stop')),
    tell: ({ server, order }) => {
      if (order.type === 'ping') servers.find(server)?.ping()
      else if (order.type === 'leave') servers.find(server)?.tell({ type: 'stop', reason: order.reason, asOne: true })
      else servers.find(server)?.tell(order)
    },
    undo: ({ server, failure }) => {
      servers.find(server)?.tell({ type: 'undo', error: toPlainError(toldOf(failure, parts)) })
    },
    kill: ({ server, signal }) => servers.find(server)?.kill(signal),
    release: () => held.release()
  } satisfies Partial<Table>
}

function outsideOf(parts: Parts) {
  const { host, servers, callers, events, ended } = parts
  return {
    follow: ({ server, isFirst, isReloading }) => {
      const { service } = servers.find(server) ?? {}
      if (service !== undefined) events.follow(service, isFirst, isReloading)
    },
    'note reload': () => events.reloadBegins(),
    'note end': async ({ ask, failure }) => {
      const { turns = [], reason = '' } = host.state.roll ?? {}
      const tellEnd = events.reloadEnds(reason)
      const outcome = failure === undefined ? resultOf(turns, reason, findIn(servers)) : await reasonOf(failure, parts)
      const told = tellEnd(outcome, failure?.kind === 'said' ? failure.timings : undefined)
      void told.finally(() => host.tell({ type: 'noted', ask }))
    },
    'note stop': () => events.stopping(),
    answer: ({ asks, reason, outcome }) => {
      callers.answer(asks, answerOf(outcome, reason, parts))
    },
    log: (effect) => {
      if (effect.about === 'held') events.held(lineOf(effect, servers))
      else events.log(lineOf(effect, servers), levelOf(effect))
    },
    end: ({ ending }) => ended(ending)
  } satisfies Partial<Table>
}

const findIn = (servers: Servers) => (id: ServerId | undefined) => servers.find(id)

/** Why a reload has failed; of a server that has not said it, also what Node says. */
async function reasonOf(failure: Failure, parts: Parts): Promise<Error> {
  if (failure.kind !== 'exited') return toldOf(failure, parts)
  // If this takes long, the server may no longer be spoken of. Otherwise the answer to the callers knows it as well.
  const server = parts.servers.find(failure.server)
  await server?.examine()
  return toldOf(failure, parts, server)
}

/** With several workers the error names the one that failed. */
function toldOf(failure: Failure, parts: Pick<Parts, 'host' | 'servers'>, known?: Server): Error {
  const { host, servers } = parts
  const error = errorOf(failure, known ?? ('server' in failure ? servers.find(failure.server) : undefined))
  const { workers } = host.state
  const place = workers.findIndex(({ id }) => id === failure.worker)
  const isOfAll = failure.kind === 'stopping' || workers.length === 1
  return place < 0 || isOfAll ? error : errorOfWorker(error, place + 1, workers.length)
}

/** The answer for the callers. */
function answerOf(outcome: Outcome, reason: string, parts: Parts): ReloadResult | ScaleResult | Error {
  const { host, servers } = parts
  const find = findIn(servers)
  if ('failure' in outcome) return toldOf(outcome.failure, parts)
  if ('turns' in outcome) return resultOf(outcome.turns, reason, find)
  if ('workers' in outcome) {
    const pids = host.state.workers.flatMap(({ current }) => find(current)?.pid ?? [])
    return { ...outcome, pids, reason }
  }
  const { unscaled } = outcome
  return scaleFailureOf(unscaled, 'server' in unscaled ? find(unscaled.server) : undefined)
}

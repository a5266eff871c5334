import { joinReasons } from './joined-reasons.js'
import type { Effect, Outcome, Step } from './launcher-effects.js'
import type { Input, Timer } from './launcher-inputs.js'
import type {
  Launcher,
  Request,
  Roll,
  ScaleRequest,
  Server,
  ServerId,
  Turn,
  Worker,
  WorkerId
} from './launcher-state.js'

/** What the parts of the launcher's machine have in common: questions about a state, and small moves. */

export type InputOf<T extends Input['type']> = Extract<Input, { type: T }>

/** This state, with these effects. */
export const stay = (launcher: Launcher, ...effects: Effect[]): Step => [launcher, effects]

/** Makes these moves one after the other. */
export function chain(launcher: Launcher, ...moves: ReadonlyArray<(launcher: Launcher) => Step>): Step {
  return moves.reduce<Step>(
    ([before, effects], move) => {
      const [after, more] = move(before)
      return [after, [...effects, ...more]]
    },
    [launcher, []]
  )
}

/** Makes the same move for each of these, in turn. */
export function each<T>(launcher: Launcher, items: readonly T[], move: (launcher: Launcher, item: T) => Step): Step {
  return chain(launcher, ...items.map((item) => (next: Launcher) => move(next, item)))
}

export const wait = (timer: Timer, id: number): Extract<Effect, { do: 'wait' }> => ({ do: 'wait', timer, id })
export const cancel = (timer: Timer, id: number): Effect => ({ do: 'cancel', timer, id })

export function find(launcher: Launcher, id: ServerId | undefined): Server | undefined {
  return launcher.servers.find((server) => server.id === id)
}

export function isAlive(server: Server | undefined): server is Server {
  return server !== undefined && server.stage !== 'ended'
}

/** The server accepts, and has not said that it will leave. */
export function isServing(server: Server | undefined): server is Server {
  return server?.stage === 'serving' && server.leaves === 'no'
}

/** A worker that is no longer there is over. */
export function workerOf({ workers }: Launcher, id: WorkerId): Worker {
  return workers.find((one) => one.id === id) ?? { ...newWorker(id), isOver: true }
}

export function newWorker(id: WorkerId): Worker {
  return { id, current: undefined, next: 'none', crashes: 0, isOver: false, wasDown: false }
}

export function currentOf(launcher: Launcher, worker: WorkerId): Server | undefined {
  return find(launcher, workerOf(launcher, worker).current)
}

/** The last successor that a server has requested; undefined when that has ended or leaves. */
export function heirOf({ servers }: Launcher, id: ServerId | undefined): Server | undefined {
  if (id === undefined) return undefined
  const heir = servers.findLast(({ parent }) => parent === id)
  return isAlive(heir) && heir.leaves === 'no' ? heir : undefined
}

/** Whether no other server will follow at this worker: its last one may close the sockets for good. */
export function isLast(launcher: Launcher, { id, isOver, next }: Worker): boolean {
  return isOver || (next === 'none' && launcher.workers.length === 1 && currentOf(launcher, id)?.leaves === 'freely')
}

/** The server that accepts at this worker now. */
export function acceptingOf(launcher: Launcher, worker: WorkerId): Server | undefined {
  const { current } = workerOf(launcher, worker)
  return [heirOf(launcher, current), find(launcher, current)].find(isServing)
}

/** Whether a worker is on trial: it counts only when all new ones serve. */
export function isJoining({ workers, scaling }: Launcher, id: WorkerId): boolean {
  return scaling !== undefined && workers.findIndex((one) => one.id === id) >= scaling.before
}

/** The service ends, so all waiting changes of the number of workers fail. */
export function refuseScalers({ scaling, scales, leaving }: Launcher): Effect[] {
  const waiting = [...leaving, ...(scaling === undefined ? [] : [scaling]), ...scales]
  return waiting.map((one) => answerScale(one, { unscaled: { kind: 'stopping' } }))
}

/** Reports the outcome of a request for another number of workers. */
export function answerScale({ ask, reason }: Pick<ScaleRequest, 'ask' | 'reason'>, outcome: Outcome): Effect {
  return { do: 'answer', asks: [ask], reason, outcome }
}

export function setServer(launcher: Launcher, id: ServerId, change: Partial<Server>): Launcher {
  return { ...launcher, servers: launcher.servers.map((one) => (one.id === id ? { ...one, ...change } : one)) }
}

export function setWorker(launcher: Launcher, id: WorkerId, change: Partial<Worker>): Launcher {
  return { ...launcher, workers: launcher.workers.map((one) => (one.id === id ? { ...one, ...change } : one)) }
}

export function setRoll(launcher: Launcher, change: Partial<Roll>): Launcher {
  return launcher.roll === undefined ? launcher : { ...launcher, roll: { ...launcher.roll, ...change } }
}

export function setTurn(launcher: Launcher, worker: WorkerId, change: Partial<Turn>): Launcher {
  const { turns = [] } = launcher.roll ?? {}
  return setRoll(launcher, { turns: turns.map((one) => (one.worker === worker ? { ...one, ...change } : one)) })
}

/** Adds a server that is being started. Its id is the number of those before it. */
export function addServer(launcher: Launcher, worker: WorkerId, parent: ServerId | undefined): Launcher {
  const server: Server = {
    id: launcher.started,
    worker,
    parent,
    stage: 'starting',
    hasPlugin: false,
    leaves: 'no',
    hasLed: false,
    ownSignals: false,
    isSilent: false,
    isTold: false,
    isKilled: false,
    forwarded: [],
    ending: undefined,
    isRefused: false
  }
  return { ...launcher, started: launcher.started + 1, servers: [...launcher.servers, server] }
}

/** This server is the one of its worker from now on. One that boots after the service has served has a limit. */
export function lead(launcher: Launcher, worker: WorkerId, id: ServerId): Step {
  const boots = launcher.hasServed && find(launcher, id)?.stage !== 'serving'
  const { crashes } = workerOf(launcher, worker)
  const limit: Effect[] = boots ? [{ ...wait('boot', id), crashes }] : []
  return stay(setWorker(setServer(launcher, id, { hasLed: true }), worker, { current: id }), ...limit)
}

/** Starts a server without a predecessor. */
export function startServer(launcher: Launcher, worker: WorkerId, isNew = false): Step {
  const { current } = workerOf(launcher, worker)
  const like = current ?? workerOf(launcher, 0).current
  const next = setWorker(addServer(launcher, worker, undefined), worker, { next: 'starting' })
  return stay(next, cancel('restart', worker), {
    do: 'start',
    server: launcher.started,
    like,
    previous: current,
    isNew
  })
}

/** Kills a server, which also works if it hangs. A server that is being started is killed once it exists. */
export function kill(launcher: Launcher, { id, isKilled, stage }: Server): Step {
  if (isKilled) return stay(launcher)
  const known = setServer(launcher, id, { isKilled: true })
  return stage === 'starting' ? stay(known) : stay(known, ...killing(id))
}

export function killing(id: ServerId): Effect[] {
  return [{ do: 'kill', server: id, signal: 'SIGKILL' }, wait('kill', id)]
}

/** One reload follows the present one. All requests until then count as one. */
export function joined(request: Request | undefined, { ask, reason }: InputOf<'reload'>): Request {
  return { reason: joinReasons(request?.reason, reason), asks: [...(request?.asks ?? []), ask] }
}

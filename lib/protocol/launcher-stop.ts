import type { Effect, Step } from './launcher-effects.js'
import { abandon } from './launcher-roll.js'
import type { Launcher, Server, Worker } from './launcher-state.js'
import {
  cancel,
  chain,
  currentOf,
  each,
  isAlive,
  isLast,
  isServing,
  kill,
  refuseScalers,
  setServer,
  stay,
  wait,
  workerOf
} from './launcher-steps.js'

/**
 * The end of the service: the launcher stops every server, each has a limit, and the launcher ends with the last one.
 */

/** The first stop drains, the second one forces. */
export function stop(launcher: Launcher, signal: NodeJS.Signals): Step {
  if (launcher.phase === 'stopping') return force(launcher, `second stop signal, ${signal}`)
  return chain(
    launcher,
    (next) => beginStop(next, signal),
    (next) => each(next, living(next), stopServer)
  )
}

/** Ends everything that is left, now. */
export function force(launcher: Launcher, reason: string): Step {
  return chain(
    launcher,
    (next) => (next.phase === 'running' ? beginStop(next, next.signal) : stay(next)),
    (next) => each({ ...next, isForced: true }, living(next), (after, server) => forceServer(after, server, reason))
  )
}

function beginStop(launcher: Launcher, signal: NodeJS.Signals): Step {
  const workers = launcher.workers.map(
    (worker): Worker => ({
      ...worker,
      next: worker.next === 'starting' ? 'starting' : 'none',
      isOver: true,
      wasDown: !isAlive(currentOf(launcher, worker.id))
    })
  )
  return chain(
    { ...launcher, phase: 'stopping', signal, workers, isGrowing: false },
    (next) => stay(next, { do: 'note stop' }, ...lastTimers(workers)),
    abandon
  )
}

const lastTimers = (workers: readonly Worker[]): Effect[] => [
  cancel('grow', 0),
  cancel('signal', 0),
  ...workers.map(({ id }) => cancel('restart', id))
]

/**
 * The leading servers come first: a successor on probation leaves with its parent, and must not seem to leave by
 * itself.
 */
function living(launcher: Launcher): Server[] {
  const isCurrent = ({ id, worker }: Server) => workerOf(launcher, worker).current === id
  const alive = launcher.servers.filter((one) => isAlive(one) && one.stage !== 'starting')
  return [...alive.filter(isCurrent), ...alive.filter((one) => !isCurrent(one))]
}

/** Tells a server to stop, once. A server that leaves already only gets a limit. */
export function stopServer(launcher: Launcher, server: Server): Step {
  const { id, isTold, leaves, ownSignals } = server
  if (isTold) return stay(launcher)
  const told = setServer(launcher, id, { isTold: true })
  const { signal } = launcher
  if (leaves !== 'no') return stay(told, wait('stop', id))
  if (isServing(server) && !ownSignals)
    return stay(told, { do: 'tell', server: id, order: { type: 'stop', reason: signal } }, wait('stop', id))
  return stay(told, { do: 'kill', server: id, signal }, wait('stop', id))
}

/** Tells the server of a worker that is no longer there to stop. The others go on, and accept on the same sockets. */
export function dismiss(launcher: Launcher, server: Server, reason: string): Step {
  const { id, isTold, leaves } = server
  if (isTold || leaves !== 'no' || !isServing(server)) return stopServer(launcher, server)
  const told = setServer(launcher, id, { isTold: true })
  return stay(told, { do: 'tell', server: id, order: { type: 'leave', reason } }, wait('stop', id))
}

/** A server that does not serve yet has nothing in progress. */
export function forceServer(launcher: Launcher, server: Server, reason: string): Step {
  const { id, stage } = server
  if (stage !== 'serving') return kill(launcher, server)
  const told = setServer(launcher, id, { isTold: true })
  return stay(told, { do: 'tell', server: id, order: { type: 'force', reason } }, wait('force', id))
}

/** A server has not served, or not ended, in time. */
export function endLate(launcher: Launcher, server: Server, about: 'no boot' | 'no stop'): Step {
  const { id, worker } = server
  const { crashes } = workerOf(launcher, worker)
  const report: Effect =
    about === 'no boot' ? { do: 'log', about, server: id, crashes } : { do: 'log', about, server: id }
  return chain(
    launcher,
    (next) => stay(next, report),
    (next) => kill(next, server)
  )
}

/** No server follows, so new connections are refused as soon as the servers close their sockets. */
export function release(launcher: Launcher): Step {
  const isEnd = launcher.phase !== 'running' || launcher.workers.every((worker) => isLast(launcher, worker))
  return isEnd && !launcher.isReleased ? stay({ ...launcher, isReleased: true }, { do: 'release' }) : stay(launcher)
}

/** The launcher ends when no server is left and none will follow. */
export function finish(launcher: Launcher): Step {
  const { workers, servers, roll, queued, phase } = launcher
  const isOver = ({ current, next, isOver }: Worker) => next === 'none' && (isOver || current === undefined)
  if (phase === 'ended' || workers[0]?.isOver !== true || servers.some(isAlive) || !workers.every(isOver))
    return stay(launcher)
  const failure = roll?.failure ?? ({ kind: 'stopping' } as const)
  const waiting = [roll, queued].filter((one) => one !== undefined)
  const left = { roll: undefined, queued: undefined, scaling: undefined, scales: [], leaving: [] }
  return stay(
    { ...launcher, ...left, phase: 'ended' },
    ...waiting.map(({ asks, reason }) => ({ do: 'answer', asks, reason, outcome: { failure } }) as const),
    ...refuseScalers(launcher),
    { do: 'end', ending: endingOf(launcher) }
  )
}

/** A failure of one of them, if there was any. One that had just been started dies by the signal that stops it. */
function endingOf(launcher: Launcher) {
  const started = launcher.workers.filter(({ current }) => current !== undefined)
  const stopped = started.filter(({ wasDown }) => !wasDown)
  const servers = (stopped.length > 0 ? stopped : started).flatMap(({ id }) => currentOf(launcher, id) ?? [])
  const endings = servers.map(({ ending, isKilled }) =>
    ending === undefined || isKilled ? { exitCode: 1, signal: null } : ending
  )
  const isFailure = endings.find(
    ({ exitCode, signal }) => exitCode !== 0 && (signal === null || signal !== launcher.signal)
  )
  return isFailure ?? endings.find(({ exitCode }) => exitCode === 0) ?? endings[0] ?? { exitCode: 1, signal: null }
}

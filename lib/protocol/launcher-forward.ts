import type { Effect, Step } from './launcher-effects.js'
import type { Launcher, Server, Worker } from './launcher-state.js'
import { cancel, currentOf, each, isAlive, setServer, setWorker, stay, wait, workerOf } from './launcher-steps.js'

/**
 * Signals that mean nothing to the launcher go to the app of each server. Some of them may mean the end to the app, or
 * something of its own: SIGQUIT often makes a dump. Only what the servers then do tells which.
 */

/** The signals that may mean the end. SIGTERM always does. */
const LAST_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT'])

/** If no server of a worker can get the signal, the launcher handles it. */
export function forward(launcher: Launcher, signal: NodeJS.Signals): Step {
  const step = each(launcher, launcher.workers, (next, worker) => pass(next, worker, signal))
  const isClear = signal === 'SIGTERM' || launcher.phase !== 'running'
  return isClear ? step : [step[0], [...step[1], wait('signal', 0)]]
}

function pass(launcher: Launcher, { id }: Worker, signal: NodeJS.Signals): Step {
  const current = currentOf(launcher, id)
  if (!isAlive(current) && !LAST_SIGNALS.has(signal)) return stay(launcher)
  const next = current === undefined ? launcher : noteSignal(launcher, current, signal)
  if (isAlive(current)) return stay(next, { do: 'kill', server: current.id, signal })
  const over = setWorker({ ...next, signal }, id, {
    isOver: true,
    next: keepStart(workerOf(next, id)),
    wasDown: true
  })
  return stay(over, cancel('restart', id))
}

function noteSignal(launcher: Launcher, { id, forwarded }: Server, signal: NodeJS.Signals): Launcher {
  return setServer(launcher, id, { forwarded: [...new Set([...forwarded, signal])] })
}

const keepStart = ({ next }: Worker): Worker['next'] => (next === 'starting' ? next : 'none')

/**
 * Whether a server has ended because of a signal that was passed on to it. One that another signal has ended, or an
 * error, has crashed, unless it was certain to end.
 */
export function hasObeyed({ forwarded, leaves, ending }: Server): boolean {
  return forwarded.some((signal) => {
    if (signal === 'SIGTERM' || signal === ending?.signal) return true
    return LAST_SIGNALS.has(signal) && (leaves === 'freely' || (leaves === 'no' && ending?.signal === null))
  })
}

/**
 * All servers have had the time to leave. If one of them answers and has not begun to, the app keeps the signal for
 * itself. So the service goes on, with all its workers.
 */
export function outlive(launcher: Launcher): Step {
  const { phase, servers, workers } = launcher
  const isLast = servers.some(({ forwarded }) => forwarded.includes('SIGTERM'))
  if (phase !== 'running' || isLast || !workers.some((worker) => goesOn(launcher, worker))) return stay(launcher)
  return stay({
    ...launcher,
    servers: servers.map((server) => (server.forwarded.length > 0 ? { ...server, forwarded: [] } : server)),
    workers: workers.map((worker) => (worker.isOver ? { ...worker, isOver: false, wasDown: false } : worker))
  })
}

/** One that had no server when the signal came is over until then. A next server follows one that has crashed since. */
function goesOn(launcher: Launcher, { id, isOver, next }: Worker): boolean {
  const server = currentOf(launcher, id)
  const answers = isAlive(server) && server.leaves === 'no' && !server.isSilent
  return !isOver && (answers || next !== 'none')
}

/** A server answers again, or has crashed: only now can it show that the service goes on. */
export function decideLater({ forwarded }: Server): Effect[] {
  return forwarded.length > 0 ? [wait('signal', 0)] : []
}

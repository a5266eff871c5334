import type { Effect, Step } from './launcher-effects.js'
import type { Failure, Launcher, Leaving, ScaleRequest, Scaling, Server, Worker, WorkerId } from './launcher-state.js'
import {
  answerScale,
  cancel,
  chain,
  currentOf,
  each,
  find,
  type InputOf,
  isAlive,
  isJoining,
  isLast,
  isServing,
  newWorker,
  stay,
  wait
} from './launcher-steps.js'
import { dismiss } from './launcher-stop.js'
import { countFrom, MOST_WORKERS } from './worker-count.js'

/**
 * The number of workers changes. New workers start with the command of the first one; either all of them serve, or none
 * stays. If there are too many, the last ones leave as soon as one of the others answers: they finish their requests,
 * and nothing starts in their place.
 */

/** How many changes wait at most. */
const MOST_WAITING = 64

export function scale(launcher: Launcher, { ask, reason, wanted }: InputOf<'scale'>): Step {
  const { phase, scales, roll, scaling, hasServed } = launcher
  if (phase !== 'running') return stay(launcher, refusal({ ask, reason }, { kind: 'stopping' }))
  if (scales.length >= MOST_WAITING)
    return stay(launcher, refusal({ ask, reason }, { kind: 'busy', waiting: scales.length }))
  // A new worker could inherit nothing yet, and perhaps never will.
  if (!hasServed) return stay(launcher, refusal({ ask, reason }, { kind: 'none serves' }))
  const waits = roll !== undefined || scaling !== undefined
  const effects: Effect[] = waits ? [{ do: 'log', about: 'scale queued', reason }] : []
  return stay({ ...launcher, scales: [...scales, { ask, reason, wanted }] }, ...effects)
}

/** The turn of the change that has waited longest. */
export function beginScale(launcher: Launcher): Step {
  const [request, ...scales] = launcher.scales as [ScaleRequest, ...ScaleRequest[]]
  const { ask, reason, wanted } = request
  const { workers } = launcher
  const before = workers.length
  const target = countFrom(before, wanted)
  const next = { ...launcher, scales }
  if (target < 1 || target > MOST_WORKERS)
    return stay(next, refusal(request, { kind: 'out of range', count: before, target }))
  if (isEnding(launcher)) return stay(next, refusal(request, { kind: 'stopping' }))
  if (target === before) return stay(next, answerScale(request, { before, workers: target }))
  return begin(next, { ask, reason, before, target })
}

function begin(launcher: Launcher, scaling: Scaling): Step {
  const { workers, made } = launcher
  const { reason, before, target } = scaling
  const added = Array.from({ length: Math.max(0, target - before) }, (_, index) => newWorker(made + index))
  return stay(
    { ...launcher, scaling, workers: [...workers, ...added], made: made + added.length },
    { do: 'log', about: 'scaling', reason, before, target },
    wait('scale', 0)
  )
}

/** The first server, whose listeners all others inherit, has no successor. */
function isEnding(launcher: Launcher): boolean {
  return isLast(launcher, launcher.workers[0] as Worker)
}

/** Goes on with the change in progress, as far as the servers allow. */
export function shape(launcher: Launcher): Step {
  const { scaling, workers } = launcher
  if (scaling === undefined) return stay(launcher)
  if (isEnding(launcher)) return fail(launcher, scaling, { kind: 'stopping' })
  const { before, target } = scaling
  if (target < before) {
    // The others might be about to end, and with the last one the service; or hang, and nobody would answer.
    const remain = workers.slice(0, target)
    return remain.some(({ id }) => isAnswering(launcher, id)) ? shrink(launcher, scaling) : stay(launcher)
  }
  const added = workers.slice(before)
  const lost = added.find((worker) => isLost(launcher, worker))
  if (lost !== undefined) return fail(launcher, scaling, failureOf(launcher, lost))
  return added.every(({ id }) => isServing(currentOf(launcher, id))) ? grown(launcher, scaling) : stay(launcher)
}

function isAnswering(launcher: Launcher, worker: WorkerId): boolean {
  const server = currentOf(launcher, worker)
  return isServing(server) && !server.isSilent
}

/** The first server of a new worker has ended, or is about to. */
function isLost(launcher: Launcher, { id, current }: Worker): boolean {
  const server = currentOf(launcher, id)
  return current !== undefined && (!isAlive(server) || server.leaves !== 'no')
}

function failureOf(launcher: Launcher, { id }: Worker): Failure {
  const { id: server = 0, isKilled = false, ending } = currentOf(launcher, id) ?? {}
  if (isKilled) return { kind: 'no boot', server }
  return ending === undefined ? { kind: 'left', server } : { kind: 'exited', ending, server }
}

function grown(launcher: Launcher, scaling: Scaling): Step {
  return stay({ ...launcher, scaling: undefined }, ...conclusion(scaling))
}

/** The last workers leave. The caller gets the answer when their servers have ended. */
function shrink(launcher: Launcher, scaling: Scaling): Step {
  const gone = launcher.workers.slice(scaling.target)
  const servers = serversOf(launcher, gone)
  const leaving: Leaving[] = [...launcher.leaving, { ...scaling, servers }]
  return chain(
    { ...launcher, scaling: undefined, leaving },
    (next) => stay(next, cancel('scale', 0)),
    (next) => remove(next, scaling)
  )
}

/** Whether or not its process exists yet. */
function serversOf({ servers }: Launcher, workers: readonly Worker[]): number[] {
  return servers.filter((one) => isAlive(one) && workers.some(({ id }) => id === one.worker)).map(({ id }) => id)
}

/** Servers that boot die of the signal. Servers that are being started get it once they exist. */
function remove(launcher: Launcher, { before, target, reason }: Scaling): Step {
  const from = Math.min(before, target)
  const gone = launcher.workers.slice(from)
  // The leading servers come first: a successor on probation must not seem to leave by itself.
  const known = serversOf(launcher, gone)
  const leads = (id: number) => gone.some(({ current }) => current === id)
  const ordered = [...known.filter(leads), ...known.filter((id) => !leads(id))]
  return chain(
    { ...launcher, workers: launcher.workers.slice(0, from) },
    (next) => stay(next, ...gone.map(({ id }) => cancel('restart', id))),
    (next) =>
      each(next, ordered, (after, id) => {
        const server = find(after, id)
        return isAlive(server) && server.stage !== 'starting' ? dismiss(after, server, reason) : stay(after)
      })
  )
}

/** The change fails: no new worker stays, or all that should leave stay. */
function fail(launcher: Launcher, scaling: Scaling, failure: Failure): Step {
  const { reason, before, target } = scaling
  return chain(
    { ...launcher, scaling: undefined },
    (next) => (target > before ? remove(next, scaling) : stay(next)),
    (next) =>
      stay(
        next,
        cancel('scale', 0),
        { do: 'log', about: 'not scaled', reason, before, target },
        refusal(scaling, failure)
      )
  )
}

/** A server of a new worker could not be started. */
export function loseNew(launcher: Launcher, { worker }: Server, error: unknown): Step {
  const { scaling } = launcher
  if (scaling === undefined || !isJoining(launcher, worker)) return stay(launcher)
  return fail(launcher, scaling, { kind: 'not started', error })
}

/** No server has begun to serve or to answer meanwhile. A new worker whose server exists has a limit of its own. */
export function scaleDue(launcher: Launcher): Step {
  const { scaling, workers } = launcher
  if (scaling === undefined) return stay(launcher)
  const isStarted = ({ current, next }: Worker) => current !== undefined || next === 'starting'
  if (scaling.target < scaling.before) return fail(launcher, scaling, { kind: 'none stays' })
  if (workers.slice(scaling.before).every(isStarted)) return stay(launcher)
  return fail(launcher, scaling, { kind: 'none serves' })
}

/** Tells the callers that requested fewer workers that the servers have ended. */
export function seeOff(launcher: Launcher): Step {
  const isOver = ({ servers }: Leaving) => servers.every((id) => !isAlive(find(launcher, id)))
  const over = launcher.leaving.filter(isOver)
  if (over.length === 0) return stay(launcher)
  const leaving = launcher.leaving.filter((one) => !over.includes(one))
  return stay({ ...launcher, leaving }, ...over.flatMap(farewell))
}

const farewell = (scaling: Scaling): Effect[] => conclusion(scaling).slice(1)

function conclusion(scaling: Scaling): Effect[] {
  const { reason, before, target } = scaling
  return [
    cancel('scale', 0),
    { do: 'log', about: 'scaled', reason, before, target },
    answerScale(scaling, { before, workers: target })
  ]
}

function refusal(request: Pick<ScaleRequest, 'ask' | 'reason'>, failure: Failure): Effect {
  return answerScale(request, { unscaled: failure })
}

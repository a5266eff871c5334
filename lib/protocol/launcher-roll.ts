import type { Effect, Step } from './launcher-effects.js'
import type { Failure, Launcher, Request, Roll, Server, Turn, WorkerId } from './launcher-state.js'
import {
  cancel,
  chain,
  currentOf,
  find,
  type InputOf,
  isAlive,
  isLast,
  isServing,
  joined,
  kill,
  refuseScalers,
  setRoll,
  stay,
  wait,
  workerOf
} from './launcher-steps.js'
import { AT_WORK, beginTurn, commit, DONE, failTurn, move, replaceHung, restart, tell } from './launcher-turn.js'

/**
 * A reload of all workers, one after the other: each successor serves before the next worker begins. Their predecessors
 * stay until the last successor has outlived its probation; if one fails, all of them come back.
 */

export function reload(launcher: Launcher, input: InputOf<'reload'>): Step {
  const { roll, queued, phase, scaling } = launcher
  const { ask, reason } = input
  if (phase !== 'running') return stay(launcher, refusal({ reason, asks: [ask] }))
  if (roll === undefined && scaling === undefined) return beginRoll(launcher, { reason, asks: [ask] })
  const about = roll === undefined ? 'queued behind scaling' : 'queued'
  const effects: Effect[] = queued === undefined ? [{ do: 'log', about, reason }] : []
  return stay({ ...launcher, queued: joined(queued, input) }, ...effects)
}

function refusal({ reason, asks }: Request): Effect {
  return { do: 'answer', asks, reason, outcome: { failure: { kind: 'stopping' } } }
}

export function beginRoll(launcher: Launcher, request: Request): Step {
  const roll: Roll = { ...request, stage: 'taking turns', turns: [], failure: undefined }
  return stay({ ...launcher, roll, queued: undefined }, { do: 'note reload' })
}

/** Goes on with the reload as far as the servers allow. */
export function advance(launcher: Launcher): Step {
  const { roll } = launcher
  if (roll === undefined || roll.stage === 'concluding') return stay(launcher)
  const lost = roll.turns.find((turn) => isLost(launcher, turn))
  const step = lost === undefined ? goOn(launcher, roll) : lose(launcher, lost)
  return step[0] === launcher ? step : chain(launcher, () => step, advance)
}

/** The server of a turn has ended; a new one counts until the reload has succeeded. */
function isLost(launcher: Launcher, { server, stage }: Turn): boolean {
  const isInvolved = AT_WORK.has(stage) || stage === 'closing' || stage === 'restarting' || stage === 'restarted'
  return isInvolved && find(launcher, server)?.stage === 'ended'
}

function lose(launcher: Launcher, { worker, server, stage }: Turn): Step {
  const { ending = { exitCode: 1, signal: null } } = find(launcher, server) ?? {}
  const isNew = stage === 'restarting' || stage === 'restarted'
  return failTurn(launcher, worker, isNew ? { kind: 'exited', ending, server } : { kind: 'ended', ending })
}

function goOn(launcher: Launcher, { stage, turns, reason, failure, asks }: Roll): Step {
  if (stage !== 'taking turns') {
    if (turns.some((turn) => turn.stage !== 'over')) return stay(launcher)
    const note: Effect = { do: 'note end', ask: asks[0], failure }
    return stay(setRoll(launcher, { stage: 'concluding' }), note, wait('tell', 0))
  }
  const last = turns.at(-1)
  if (last !== undefined && !DONE.has(last.stage) && last.stage !== 'handed over') return take(launcher, last)
  if (turns.length < launcher.workers.length) return beginTurn(launcher, turns, reason)
  const isPassed = turns.every((turn) => DONE.has(turn.stage) && !turn.isSpoiled)
  return isPassed ? commit(launcher) : stay(launcher)
}

/** The turn of a worker, before its server makes the reload. */
function take(launcher: Launcher, turn: Turn): Step {
  const { worker, stage } = turn
  const own = workerOf(launcher, worker)
  const { next } = own
  const current = currentOf(launcher, worker)
  if (stage === 'restarting')
    return isServing(find(launcher, turn.server)) ? move(launcher, worker, 'restarted') : stay(launcher)
  if (stage === 'killing')
    return isAlive(find(launcher, turn.server)) ? stay(launcher) : move(launcher, worker, 'waiting')
  if (stage === 'making') return stay(launcher)
  if (isLast(launcher, own)) return failTurn(launcher, worker, { kind: 'stopping' })
  if (next === 'pausing' || next === 'held') return restart(launcher, worker)
  if (!isServing(current)) return stage === 'asking' ? move(launcher, worker, 'waiting') : stay(launcher)
  if (stage === 'asking' && turn.server === current.id) return stay(launcher)
  return chain(
    launcher,
    (before) => move(before, worker, 'asking', { server: current.id }),
    (before) => stay(before, tell(current.id, { type: 'ping' }))
  )
}

/** A worker has not done in time what it has to do. */
export function turnDue(launcher: Launcher, worker: WorkerId): Step {
  const { roll } = launcher
  const turn = roll?.turns.find((one) => one.worker === worker)
  if (roll === undefined || turn === undefined) return stay(launcher)
  const { stage } = turn
  const server = find(launcher, turn.server)
  if (stage === 'waiting') return failTurn(launcher, worker, neverServed(currentOf(launcher, worker)))
  if (stage === 'asking')
    return server === undefined ? stay(launcher) : replaceHung(launcher, worker, server, roll.reason)
  if (stage === 'over' || stage === 'killing' || stage === 'restarted') return stay(launcher)
  const failure: Failure = { kind: 'late', server: turn.server }
  // After a commit the successor has taken the lead already, and the server finishes its requests in progress.
  if (!isAlive(server) || roll.stage === 'committing') return failTurn(launcher, worker, failure)
  return chain(
    launcher,
    (next) => stay(next, { do: 'log', about: 'late', server: server.id }),
    (next) => kill(next, server),
    (next) => failTurn(next, worker, failure)
  )
}

function neverServed(server: Server | undefined): Failure {
  return { kind: server?.stage === 'booting' && !server.hasPlugin ? 'no plugin' : 'not listening' }
}

/** The service manager knows how a reload ended. That may be known too late: then it is not the one in progress. */
export function noted(launcher: Launcher, { ask }: InputOf<'noted'>): Step {
  return launcher.roll?.asks[0] === ask ? conclude(launcher) : stay(launcher)
}

/** The service manager knows how the reload ended, or it has taken too long; now the callers learn it. */
export function conclude(launcher: Launcher): Step {
  const { roll } = launcher
  if (roll?.stage !== 'concluding') return stay(launcher)
  const { asks, reason, failure, turns } = roll
  const outcome = failure === undefined ? { turns } : { failure }
  return stay({ ...launcher, roll: undefined }, cancel('tell', 0), { do: 'answer', asks, reason, outcome })
}

/** The service ends. A reload that has succeeded is still concluded. The number of workers no longer matters. */
export function abandon(launcher: Launcher): Step {
  const { roll, queued, scaling } = launcher
  const isDone = roll === undefined || roll.stage === 'committing' || roll.stage === 'concluding'
  const failure = roll?.failure ?? ({ kind: 'stopping' } as const)
  const told: Effect[] = isDone
    ? []
    : [
        ...roll.turns.map(({ worker }) => cancel('turn', worker)),
        { do: 'answer', asks: roll.asks, reason: roll.reason, outcome: { failure } }
      ]
  const refused = queued === undefined ? [] : [refusal(queued)]
  const unscaled = [...refuseScalers(launcher), ...(scaling === undefined ? [] : [cancel('scale', 0)])]
  const left = { roll: isDone ? roll : undefined, queued: undefined, scaling: undefined, scales: [], leaving: [] }
  return stay({ ...launcher, ...left }, ...told, ...refused, ...unscaled)
}

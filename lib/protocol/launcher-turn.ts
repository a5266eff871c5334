import type { Effect, Order, Step } from './launcher-effects.js'
import type { Word } from './launcher-inputs.js'
import type { Failure, Launcher, Server, ServerId, Turn, Worker, WorkerId } from './launcher-state.js'
import {
  cancel,
  chain,
  currentOf,
  each,
  find,
  heirOf,
  isAlive,
  isServing,
  kill,
  lead,
  setRoll,
  setTurn,
  setWorker,
  startServer,
  stay,
  workerOf
} from './launcher-steps.js'

/**
 * What one worker does in a reload of all: its server makes a reload of its own, or another server starts with the new
 * code.
 */

type Stage = Turn['stage']

/** The stages in which a server other than a new one takes part, and must learn how the reload ends. */
export const AT_WORK: ReadonlySet<Stage> = new Set(['making', 'handed over', 'passed'])
/** The stages in which the worker has done all that it can do before the others. */
export const DONE: ReadonlySet<Stage> = new Set(['passed', 'restarted', 'over'])

/** Moves a turn on. What its worker has to do now has a limit. */
export function move(launcher: Launcher, worker: WorkerId, stage: Stage, change: Partial<Turn> = {}): Step {
  const isLimited = !DONE.has(stage) && stage !== 'killing'
  const timer: Effect = isLimited ? limited(launcher, worker, stage) : cancel('turn', worker)
  return stay(setTurn(launcher, worker, { ...change, stage }), timer)
}

/** A worker whose server leaves gets another one when that has ended. */
function limited(launcher: Launcher, worker: WorkerId, step: Stage): Effect {
  const timer: Effect = { do: 'wait', timer: 'turn', id: worker, step }
  const server = currentOf(launcher, worker)
  if (step !== 'waiting' || !isAlive(server)) return timer
  if (server.leaves !== 'no') return { ...timer, awaits: 'end' }
  return server.stage === 'serving' ? timer : { ...timer, awaits: 'boot' }
}

/** What a server has said changes how long its worker may take for what it has to do, at one of these stages. */
export function waitAnew(launcher: Launcher, id: ServerId, stages: readonly Stage[]): Effect[] {
  const { worker, parent } = find(launcher, id) ?? {}
  const turn = launcher.roll?.turns.find((one) => one.worker === worker)
  if (turn === undefined || !stages.includes(turn.stage)) return []
  const awaited = turn.stage === 'waiting' ? workerOf(launcher, turn.worker).current : turn.server
  return awaited === (turn.stage === 'making' ? parent : id) ? [limited(launcher, turn.worker, turn.stage)] : []
}

/** What a server says about the reload that it makes. */
export function hearInRoll(launcher: Launcher, { id }: Server, word: Word): Step {
  const turn = launcher.roll?.turns.find(({ server }) => server === id)
  if (launcher.roll === undefined || turn === undefined) return stay(launcher)
  const { worker, stage } = turn
  switch (word.type) {
    case 'pong':
      return stage === 'asking' ? begin(launcher, worker, id, launcher.roll.reason) : stay(launcher)
    case 'handed over':
      return stage === 'making' ? move(launcher, worker, 'handed over') : stay(launcher)
    case 'passed':
      return stage === 'handed over' ? passed(launcher, turn) : stay(launcher)
    case 'reload made':
      return move(launcher, worker, 'over', { result: word.result })
    case 'reload failed':
      return stage === 'over' ? stay(launcher) : failed(launcher, turn, saidBy(word))
    case 'unwell':
      // After a commit it is too late.
      if (stage !== 'passed' || launcher.roll.stage !== 'taking turns') return stay(launcher)
      return undo(launcher, { kind: 'said', error: word.error, worker })
    default:
      return stay(launcher)
  }
}

function saidBy({ error, timings }: Extract<Word, { type: 'reload failed' }>): Failure {
  return { kind: 'said', error, ...(timings && { timings }) }
}

function begin(launcher: Launcher, worker: WorkerId, server: ServerId, reason: string): Step {
  return chain(
    launcher,
    (next) => move(next, worker, 'making'),
    (next) => stay(next, tell(server, { type: 'make reload', reason }))
  )
}

/** The server of a spoiled turn is about to report that. */
function passed(launcher: Launcher, { worker, isSpoiled }: Turn): Step {
  return isSpoiled ? spoiled(launcher, worker) : move(launcher, worker, 'passed')
}

function spoiled(launcher: Launcher, worker: WorkerId): Step {
  return stay(launcher, { do: 'wait', timer: 'turn', id: worker, step: 'closing' })
}

/** A successor has ended or given up: the server that makes the reload will say that it has failed. */
export function spoil(launcher: Launcher, successor: Server): Step {
  const turn = launcher.roll?.turns.find(({ server }) => server === successor.parent && server !== undefined)
  const last = launcher.servers.findLast(({ parent }) => parent === successor.parent)
  if (turn === undefined || last?.id !== successor.id) return stay(launcher)
  const next = setTurn(launcher, turn.worker, { isSpoiled: true })
  return turn.stage === 'passed' ? spoiled(next, turn.worker) : stay(next)
}

/** Its next successor counts, not one of an earlier reload that has ended late. */
export function unspoil(launcher: Launcher, server: ServerId): Launcher {
  const turn = launcher.roll?.turns.find((one) => one.server === server)
  return turn === undefined ? launcher : setTurn(launcher, turn.worker, { isSpoiled: false })
}

/** After a commit, this means that the successor ended before its server got the message: the server serves on. */
function failed(launcher: Launcher, { worker, server }: Turn, failure: Failure): Step {
  const isBack = launcher.roll?.stage === 'committing' && !isAlive(currentOf(launcher, worker))
  return chain(
    launcher,
    (next) => (isBack && server !== undefined ? lead(next, worker, server) : stay(next)),
    (next) => failTurn(next, worker, failure)
  )
}

/** Whether a server has the order to leave and has not reported the outcome: it may take over again. */
export function mayComeBack({ roll, servers }: Launcher, worker: WorkerId): boolean {
  const turn = roll?.stage === 'committing' ? roll.turns.find((one) => one.worker === worker) : undefined
  return turn?.stage === 'closing' && servers.some((one) => one.id === turn.server && isAlive(one))
}

/** One turn has failed, and so has the reload. */
export function failTurn(launcher: Launcher, worker: WorkerId, failure: Failure): Step {
  const named = { ...failure, worker }
  return chain(
    launcher,
    (next) => move(next, worker, 'over'),
    (next) => (next.roll?.stage === 'taking turns' ? undo(next, named) : stay(noteFailure(next, named)))
  )
}

function noteFailure(launcher: Launcher, failure: Failure): Launcher {
  const { stage, failure: known } = launcher.roll ?? {}
  // After a commit only: a turn that is undone fails as it should.
  if (known === undefined) return stage === 'committing' ? setRoll(launcher, { failure }) : launcher
  // The server that was not well says at last how long its steps took.
  const isSame = stage === 'undoing' && known.worker === failure.worker
  if (!isSame || known.kind !== 'said' || failure.kind !== 'said') return launcher
  return setRoll(launcher, { failure: { ...failure, ...known } })
}

/** The predecessors come back. */
function undo(launcher: Launcher, failure: Failure): Step {
  const undoing = setRoll(launcher, { stage: 'undoing', failure })
  return each(undoing, undoing.roll?.turns ?? [], (before, { worker, server, stage }) => {
    if (!AT_WORK.has(stage) || server === undefined) return move(before, worker, 'over')
    return chain(
      before,
      (next) => move(next, worker, 'closing'),
      (next) => stay(next, { do: 'undo', server, failure })
    )
  })
}

/** All workers have come as far: the predecessors leave. */
export function commit(launcher: Launcher): Step {
  const committing = setRoll(launcher, { stage: 'committing' })
  return each(committing, committing.roll?.turns ?? [], (before, { worker, server, stage }) => {
    if (stage !== 'passed' || server === undefined) return move(before, worker, 'over')
    const heir = heirOf(before, server)
    return chain(
      setWorker(before, worker, { crashes: 0 }),
      (next) => move(next, worker, 'closing'),
      (next) => stay(next, tell(server, { type: 'commit' })),
      (next) => (heir === undefined ? stay(next) : lead(next, worker, heir.id))
    )
  })
}

export const tell = (server: ServerId, order: Order): Effect => ({ do: 'tell', server, order })

/** The server for the reload could not be started. */
export function loseStart(launcher: Launcher, id: ServerId, error: unknown): Step {
  const turn = launcher.roll?.turns.find(({ server, stage }) => server === id && stage === 'restarting')
  return turn === undefined ? stay(launcher) : failTurn(launcher, turn.worker, { kind: 'not started', error })
}

/**
 * A worker without a server has nothing to hand over: another server starts with the new code. If that fails, and the
 * worker was held before, it is held again.
 */
export function restart(launcher: Launcher, worker: WorkerId): Step {
  const server = launcher.started
  return chain(
    setWorker(launcher, worker, { crashes: launcher.isWatched ? 1 : 0 }),
    (next) => startServer(next, worker, true),
    (next) => move(next, worker, 'restarting', { server, isSpoiled: false })
  )
}

/** A server that does not answer cannot hand over either. */
export function replaceHung(launcher: Launcher, worker: WorkerId, server: Server, reason: string): Step {
  return chain(
    launcher,
    (next) => stay(next, { do: 'log', about: 'hung', reason, server: server.id }),
    (next) => move(next, worker, 'killing', { server: server.id }),
    (next) => kill(next, server)
  )
}

export function beginTurn(launcher: Launcher, turns: readonly Turn[], reason: string): Step {
  const { id: worker } = launcher.workers[turns.length] as Worker
  const turn: Turn = { worker, server: undefined, stage: 'waiting', isSpoiled: false, result: undefined }
  const server = currentOf(launcher, worker)
  const isAtOnce = isServing(server) || workerOf(launcher, worker).next === 'held'
  return chain(
    setRoll(launcher, { turns: [...turns, turn] }),
    (next) => move(next, worker, 'waiting'),
    (next) => (isAtOnce ? stay(next) : stay(next, { do: 'log', about: 'waiting', reason, server }))
  )
}

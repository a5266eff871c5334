import type { Effect, Step } from './launcher-effects.js'
import { decideLater, hasObeyed } from './launcher-forward.js'
import type { Word } from './launcher-inputs.js'
import { loseNew } from './launcher-scale.js'
import { answers } from './launcher-silence.js'
import type { Launcher, Server, ServerId, Worker } from './launcher-state.js'
import {
  addServer,
  cancel,
  chain,
  currentOf,
  each,
  find,
  heirOf,
  type InputOf,
  isAlive,
  isJoining,
  isLast,
  isServing,
  kill,
  killing,
  lead,
  setServer,
  setWorker,
  startServer,
  stay,
  wait,
  workerOf
} from './launcher-steps.js'
import { dismiss, forceServer, stopServer } from './launcher-stop.js'
import { hearInRoll, loseStart, mayComeBack, spoil, unspoil, waitAnew } from './launcher-turn.js'

/** The workers: their servers start, serve, fall silent and end, and others take their place. */

/** A process exists. */
export function started(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (server?.stage !== 'starting') return stay(launcher)
  const { worker, parent } = server
  const booting = setServer(launcher, id, { stage: 'booting' })
  const known = parent === undefined ? setWorker(booting, worker, { next: 'none', current: id }) : booting
  return chain(
    known,
    // Its limit begins with the process, also of one that has been the server of its worker before it was there.
    (next) => (workerOf(next, worker).current === id ? lead(next, worker, id) : stay(next)),
    (next) => (parent === undefined || isAlive(find(next, parent)) ? stay(next) : orphan(next, id)),
    (next) => stay(next, wait('steady', id)),
    (next) => (server.isKilled ? stay(next, ...killing(id)) : endIfDoomed(next, id))
  )
}

/** A server that was started too late for a stop. */
function endIfDoomed(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id) as Server
  if (launcher.isForced) return forceServer(launcher, server, 'the service ends')
  return launcher.phase === 'stopping' || workerOf(launcher, server.worker).isOver
    ? stopServer(launcher, server)
    : stay(launcher)
}

export function notStarted(launcher: Launcher, { server: id, error }: InputOf<'not started'>): Step {
  const server = find(launcher, id)
  if (server?.stage !== 'starting') return stay(launcher)
  const ended = setServer(launcher, id, { stage: 'ended', ending: { exitCode: 1, signal: null } })
  // It may have taken the place of its parent already, and then has a limit.
  if (server.parent !== undefined) return stay(ended, cancel('boot', id))
  const { current } = workerOf(launcher, server.worker)
  // What was there before counts, and is tried again; a first server that cannot be started at all is judged by its
  // end.
  const known = setWorker(ended, server.worker, { next: 'none', current: current ?? id })
  return chain(
    known,
    (next) => stay(next, { do: 'log', about: 'not started', error }),
    (next) => loseStart(next, id, error),
    (next) => loseNew(next, server, error)
  )
}

export function hear(launcher: Launcher, id: ServerId, word: Word): Step {
  const server = find(launcher, id)
  if (!isAlive(server)) return stay(launcher)
  switch (word.type) {
    case 'hello':
      return stay(setServer(launcher, id, { hasPlugin: true }))
    case 'boots':
      return boots(launcher, server)
    case 'listening':
      return stay(launcher, ...(launcher.isGrowing ? [wait('grow', 0)] : []))
    case 'serves':
      return serves(launcher, server, word.ownSignals)
    case 'leaves':
      return leaves(launcher, server, word.isError)
    case 'start child':
      return startChild(launcher, server, word.child)
    case 'roll back':
      return spoil(launcher, server)
    case 'pong':
      return chain(
        launcher,
        (next) => answers(next, server),
        (next) => hearInRoll(next, server, word)
      )
    case 'handed over':
    case 'passed':
    case 'reload made':
    case 'reload failed':
    case 'unwell':
      return hearInRoll(launcher, server, word)
    default:
      return word satisfies never
  }
}

/** It may take longer than expected: everything that waits for it gets another limit. */
function boots(launcher: Launcher, { id, worker, stage }: Server): Step {
  if (stage !== 'booting') return stay(launcher)
  const { current, crashes } = workerOf(launcher, worker)
  const own: Effect[] = launcher.hasServed && current === id ? [{ ...wait('boot', id), crashes }] : []
  return stay(launcher, ...own, ...waitAnew(launcher, id, ['making', 'restarting', 'waiting']))
}

/** One that had fallen silent while it was needed may do so again, and nobody needs it now. */
function leaves(launcher: Launcher, { id, isSilent }: Server, isError: boolean): Step {
  const next = setServer(launcher, id, { leaves: isError ? 'by error' : 'freely' })
  return stay(next, ...(isSilent ? [wait('silence', id)] : []), ...waitAnew(next, id, ['waiting']))
}

function serves(launcher: Launcher, { id }: Server, ownSignals: boolean): Step {
  const next = setServer({ ...launcher, hasServed: true }, id, { stage: 'serving', ownSignals })
  return stay(next, cancel('boot', id))
}

function startChild(launcher: Launcher, { id, worker, leaves }: Server, child: number): Step {
  if (launcher.phase !== 'running' || leaves !== 'no' || workerOf(launcher, worker).isOver)
    return stay(launcher, { do: 'refuse child', parent: id, child })
  const server = launcher.started
  return stay(addServer(unspoil(launcher, id), worker, id), { do: 'start child', server, parent: id, child })
}

export function ended(
  launcher: Launcher,
  { server: id, ending, isRefused = false }: Omit<InputOf<'ended'>, 'type'>
): Step {
  const server = find(launcher, id)
  if (!isAlive(server)) return stay(launcher)
  return chain(
    setServer(launcher, id, { stage: 'ended', ending, isRefused }),
    (next) => stay(next, { do: 'forget', server: id }),
    (next) => spoil(next, server),
    (next) => {
      const children = next.servers.filter((one) => one.parent === id && isAlive(one) && one.stage !== 'starting')
      return each(next, children, (after, child) => orphan(after, child.id))
    }
  )
}

/** Serves as soon as it can, without a probation, unless the service ends. */
function orphan(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id) as Server
  const isStray = isReplaced(launcher, server)
  const leaves = server.leaves !== 'no'
  const isOfNoUse = isStray || leaves || isLast(launcher, workerOf(launcher, server.worker))
  // It has nothing in progress yet.
  if (isOfNoUse && server.stage === 'booting') return kill(launcher, server)
  if (isStray && !leaves) return dismiss(launcher, server, 'another server has taken the place of its parent')
  return stay(launcher, { do: 'tell', server: id, order: { type: 'parent ended' } })
}

/** Another server has taken the place of its parent, and this one never had it. */
function isReplaced(launcher: Launcher, { id, worker, parent, hasLed }: Server): boolean {
  if (hasLed) return false
  const current = currentOf(launcher, worker)
  const next = current?.id === parent ? heirOf(launcher, parent) : current
  return isAlive(next) && next.id !== id
}

/** The successor is the server of a worker as soon as its parent cannot or will not come back. */
export function promote(launcher: Launcher, { id }: Worker): Step {
  const current = currentOf(launcher, id)
  const heir = heirOf(launcher, current?.id)
  if (current === undefined || heir === undefined) return stay(launcher)
  // When a server has the order to stop, a successor that still boots ends with it.
  if (heir.stage !== 'serving' && isLast(launcher, workerOf(launcher, id))) return stay(launcher)
  const isLeft = !isAlive(current) || (current.leaves === 'by error' && isServing(heir))
  return isLeft ? lead(launcher, id, heir.id) : stay(launcher)
}

/** A worker without a server gets another one, for as long as the service lives. */
export function replace(launcher: Launcher, worker: Worker): Step {
  const lost = currentOf(launcher, worker.id)
  if (launcher.phase !== 'running' || worker.isOver || worker.next !== 'none' || lost === undefined)
    return stay(launcher)
  // A server that dies of an error still finishes its requests in progress. Its successor need not wait for that.
  const isGone = !isAlive(lost) || (lost.leaves === 'by error' && lost.stage === 'serving')
  if (!isGone || heirOf(launcher, lost.id) !== undefined || mayComeBack(launcher, worker.id)) return stay(launcher)
  if (isJoining(launcher, worker.id)) return stay(launcher)
  if (isFinal(launcher, lost)) return stay(setWorker(launcher, worker.id, { isOver: true }))
  if (mustBeMended(launcher, worker)) {
    const held = setWorker(launcher, worker.id, { next: 'held' })
    return stay(held, { do: 'log', about: 'held', server: lost.id })
  }
  const crashes = worker.crashes + 1
  const next = setWorker(launcher, worker.id, { next: 'pausing', crashes })
  return stay(next, { do: 'pause', worker: worker.id, crashes, lost: lost.id }, ...decideLater(lost))
}

/**
 * A service that has never served, or has the order to end; whether it then did so by itself or had to be killed. Its
 * sockets may be gone.
 */
function isFinal({ hasServed, isWatched, isReleased, workers }: Launcher, server: Server): boolean {
  if (isReleased) return true
  const { leaves, ending, isKilled, isRefused } = server
  const isClean = leaves === 'freely' || (ending?.exitCode === 0 && !isKilled)
  const isHopeless = !isWatched || isRefused
  return (hasServed ? isClean && workers.length === 1 : isHopeless) || hasObeyed(server)
}

/** In development, a server that fails again at once would go on failing until a file changes. */
function mustBeMended({ hasServed, isWatched }: Launcher, { crashes }: Worker): boolean {
  return isWatched && (!hasServed || crashes > 0)
}

/** The other workers start when the first one serves and has opened all its listeners: they inherit these. */
export function grow(launcher: Launcher): Step {
  if (launcher.phase !== 'running' || launcher.isGrowing || idle(launcher).length === 0) return stay(launcher)
  return isServing(currentOf(launcher, 0)) ? stay({ ...launcher, isGrowing: true }, wait('grow', 0)) : stay(launcher)
}

export function startOthers(launcher: Launcher): Step {
  if (!launcher.isGrowing) return stay(launcher)
  const grown = { ...launcher, isGrowing: false }
  if (launcher.phase !== 'running' || !isServing(currentOf(launcher, 0))) return stay(grown)
  return each(grown, idle(launcher), (next, { id }) => startServer(next, id))
}

/** Workers that have not had a server yet. */
function idle({ workers }: Launcher): Worker[] {
  return workers.filter(({ current, next, isOver }) => current === undefined && next === 'none' && !isOver)
}

import type { Step } from './launcher-effects.js'
import { forward, outlive } from './launcher-forward.js'
import type { Input } from './launcher-inputs.js'
import { advance, beginRoll, conclude, noted, reload, turnDue } from './launcher-roll.js'
import { beginScale, scale, scaleDue, seeOff, shape } from './launcher-scale.js'
import { silent, stillSilent } from './launcher-silence.js'
import type { Launcher } from './launcher-state.js'
import {
  chain,
  each,
  find,
  type InputOf,
  isAlive,
  newWorker,
  setWorker,
  startServer,
  stay,
  workerOf
} from './launcher-steps.js'
import { endLate, finish, force, release, stop } from './launcher-stop.js'
import { ended, grow, hear, notStarted, promote, replace, started, startOthers } from './launcher-worker.js'

export type * from './launcher-effects.js'
export type * from './launcher-inputs.js'
export type * from './launcher-state.js'
export { acceptingOf, currentOf, isAlive, isLast, isServing } from './launcher-steps.js'

/**
 * A launcher with so many workers, before it has started anything. `isWatched`: in development, see {@link Launcher}.
 */
export function begin(count: number, isWatched = false): Launcher {
  const workers = Array.from({ length: count }, (_, id) => newWorker(id))
  return {
    phase: 'running',
    signal: 'SIGTERM',
    isForced: false,
    isWatched,
    hasServed: false,
    isGrowing: false,
    isReleased: false,
    leader: undefined,
    started: 0,
    servers: [],
    workers,
    made: count,
    roll: undefined,
    queued: undefined,
    scaling: undefined,
    scales: [],
    leaving: []
  }
}

/**
 * What a launcher does about an input. Only this decides which server a worker has, when a reload has succeeded, and
 * when the launcher ends. An input that means nothing in a state changes nothing.
 */
export function step(launcher: Launcher, input: Input): Step {
  if (launcher.phase === 'ended') return atEnd(launcher, input)
  return chain(
    launcher,
    (next) => react(next, input),
    (next) => each(next, next.workers, promote),
    (next) => each(next, next.workers, replace),
    proceed,
    grow,
    follow,
    release,
    finish,
    prune
  )
}

/** Goes on with the change in progress, and then begins the next one, as far as the servers allow. */
function proceed(launcher: Launcher): Step {
  const step = chain(launcher, advance, shape, seeOff, takeTurn)
  return step[0] === launcher ? step : chain(launcher, () => step, proceed)
}

/**
 * One change at a time. A change of the number comes first: it takes only a boot, and the reload then includes all
 * workers.
 */
function takeTurn(launcher: Launcher): Step {
  const { phase, roll, scaling, scales, queued } = launcher
  if (phase !== 'running' || roll !== undefined || scaling !== undefined) return stay(launcher)
  if (scales.length > 0) return beginScale(launcher)
  return queued === undefined ? stay(launcher) : beginRoll(launcher, queued)
}

function react(launcher: Launcher, input: Input): Step {
  switch (input.type) {
    case 'start':
      return launcher.started === 0 ? startServer(launcher, 0) : stay(launcher)
    case 'started':
      return started(launcher, input.server)
    case 'not started':
      return notStarted(launcher, input)
    case 'said':
      return hear(launcher, input.server, input.word)
    case 'ended':
      return ended(launcher, input)
    case 'silent':
      return silent(launcher, input.server)
    case 'reload':
      return reload(launcher, input)
    case 'scale':
      return scale(launcher, input)
    case 'stop':
      return stop(launcher, input.signal)
    case 'force':
      return force(launcher, input.reason)
    case 'forward':
      return forward(launcher, input.signal)
    case 'noted':
      return noted(launcher, input)
    case 'due':
      return due(launcher, input)
    default:
      return input satisfies never
  }
}

function due(launcher: Launcher, { timer, id }: InputOf<'due'>): Step {
  const server = find(launcher, id)
  switch (timer) {
    case 'restart':
      return workerOf(launcher, id).next === 'pausing' ? startServer(launcher, id) : stay(launcher)
    case 'turn':
      return turnDue(launcher, id)
    case 'grow':
      return startOthers(launcher)
    case 'tell':
      return conclude(launcher)
    case 'scale':
      return scaleDue(launcher)
    case 'silence':
      return stillSilent(launcher, id)
    case 'signal':
      return outlive(launcher)
    case 'boot':
      return server?.stage === 'booting' ? endLate(launcher, server, 'no boot') : stay(launcher)
    case 'stop':
    case 'force':
      return isAlive(server) ? endLate(launcher, server, 'no stop') : stay(launcher)
    case 'steady':
      return isAlive(server) && workerOf(launcher, server.worker).current === id
        ? stay(setWorker(launcher, server.worker, { crashes: 0 }))
        : stay(launcher)
    case 'kill':
      return isAlive(server) ? giveUp(launcher, id) : stay(launcher)
    default:
      return timer satisfies never
  }
}

/** Not even SIGKILL ends it, so the system holds it. The launcher waits no longer. */
function giveUp(launcher: Launcher, server: number): Step {
  return chain(
    launcher,
    (next) => stay(next, { do: 'log', about: 'no end', server }),
    (next) => ended(next, { server, ending: { exitCode: null, signal: 'SIGKILL' } })
  )
}

/** The choices of the app of the first worker may differ from generation to generation. */
function follow(launcher: Launcher): Step {
  const { leader, roll, workers } = launcher
  const server = find(launcher, workers[0]?.current)
  if (server?.stage !== 'serving' || server.id === leader) return stay(launcher)
  const isReloading = roll !== undefined
  const isFirst = leader === undefined
  return stay({ ...launcher, leader: server.id }, { do: 'follow', server: server.id, isFirst, isReloading })
}

/** Forgets ended servers that are no longer needed. */
function prune(launcher: Launcher): Step {
  const { servers, workers, roll } = launcher
  const isSpokenOf = (id: number) =>
    workers.some(({ current }) => current === id) || roll?.turns.some(({ server }) => server === id)
  const left = servers.filter(({ id, stage }) => stage !== 'ended' || isSpokenOf(id))
  return stay(left.length === servers.length ? launcher : { ...launcher, servers: left })
}

/** A server that was started too late, and a caller that asks too late. */
function atEnd(launcher: Launcher, input: Input): Step {
  if (input.type === 'reload') return reload(launcher, input)
  if (input.type === 'scale') return scale(launcher, input)
  return stay(launcher)
}

import { checking, requestCheck } from './server-checking.js'
import { canGiveBack, successor, trial } from './server-child.js'
import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input } from './server-inputs.js'
import { finish, leaving } from './server-leaving.js'
import { parent } from './server-parent.js'
import { recovered, reloading } from './server-reloading.js'
import type { ChildId, Place, Server, Telling } from './server-state.js'
import {
  asksOf,
  beginReload,
  cancel,
  force,
  go,
  type InputOf,
  type PlaceOf,
  queue,
  refuse,
  serve,
  stay,
  stop,
  stopOf,
  stopOfChild,
  stray
} from './server-steps.js'

export type * from './server-effects.js'
export type * from './server-inputs.js'
export type * from './server-state.js'

/** How a process begins: as the first generation, as the child of a reload, or as that of a check. */
export function begin(how: 'first' | 'successor' | 'check', launched: boolean): Server {
  const at: Place =
    how === 'first'
      ? { name: 'booting', opened: false }
      : { name: 'successor', stage: 'booting', orphan: false, isSettled: false, isCheck: how === 'check' }
  const parent = how === 'first' ? 'none' : 'alive'
  return { at, launched, queued: undefined, elsewhere: [], telling: [], children: 0, parent }
}

/** Whether the process may give the service back. Once it has confirmed, or its parent is gone, it is too late. */
export function canRollBack(at: Place): boolean {
  return at.name === 'trial' && canGiveBack(at)
}

/** Whether the start of this child is still awaited: it may have been called off since, as by a stop. */
export function awaitsStart(at: Place, child: ChildId): boolean {
  return (at.name === 'reloading' || at.name === 'checking') && at.stage === 'starting' && at.child === child
}

/**
 * What a server process does about an input. Only this decides who accepts, when a reload has succeeded, and when the
 * process leaves. An input that means nothing in a state changes nothing.
 */
export function step(server: Server, input: Input): Step {
  if (input.type === 'answered') return answered(server, input)
  if (input.type === 'undo' && server.queued?.supervised === true) return unqueue(server, input)
  if (input.type === 'check') return requestCheck(server, input)
  if (input.type === 'reload' && server.launched && input.supervised !== true) return askLauncher(server, input)
  if (input.type === 'concluded') return answerTold(server, input, ({ child }) => child === input.child)
  if (input.type === 'due' && input.timer === 'tell') return answerTold(server, input, () => true)
  if (input.type === 'force') return exit(server, input)
  const known = input.type === 'parent gone' ? { ...server, parent: 'gone' as const } : server
  return stepAt(known, server.at, lateStop(server.at, input) ?? reloadOfChild(server, input) ?? input)
}

/** Nothing is left of the time that a process has at its end, as for its log. One that has closed ends as it would. */
function exit(server: Server, input: InputOf<'force'>): Step {
  const [next, effects] = stepAt(server, server.at, input)
  return [next, [...effects, { do: 'exit', code: server.at.name === 'closed' ? undefined : 1 }]]
}

const GOES_ON: readonly Place['name'][] = ['serving', 'recovered', 'reloading', 'checking', 'parent']

/** A stop that came late: the child was rolled back, or the parent is gone, and this process has gone on. */
function lateStop(at: Place, input: Input): InputOf<'stop'> | undefined {
  if (!GOES_ON.includes(at.name)) return undefined
  if (input.type === 'parent said' && input.word.type === 'stop') return stopOf(input.word)
  if (input.type !== 'child said' || input.word.type !== 'stopping') return undefined
  const isCurrent = (at.name === 'parent' || at.name === 'checking') && at.child === input.child
  return isCurrent ? undefined : stopOfChild(input.word.reason)
}

/**
 * A reload that was requested of a child, on probation or after it was taken back. If the child comes to serve for
 * good, it makes the reload, and this process leaves.
 */
function reloadOfChild({ at, launched }: Server, input: Input): InputOf<'reload'> | undefined {
  if (launched || !GOES_ON.includes(at.name)) return undefined
  if (input.type !== 'child said' || input.word.type !== 'reload requested') return undefined
  if (at.name === 'checking' && at.child === input.child) return undefined
  return { type: 'reload', ask: undefined, reason: input.word.reason }
}

function stepAt(server: Server, at: Place, input: Input): Step {
  switch (at.name) {
    case 'booting':
      return booting(server, at, input)
    case 'successor':
      return successor(server, at, input)
    case 'trial':
      return trial(server, at, input)
    case 'serving':
      return serving(server, input)
    case 'recovered':
      return recovered(server, at, input)
    case 'reloading':
      return reloading(server, at, input)
    case 'checking':
      return checking(server, at, input)
    case 'parent':
      return parent(server, at, input)
    case 'leaving':
      return leaving(server, at, input)
    case 'closed':
      return closed(server, input)
    default:
      return at satisfies never
  }
}

/** The first generation, before its apps listen. */
function booting(server: Server, at: PlaceOf<'booting'>, input: Input): Step {
  switch (input.type) {
    case 'opened':
      return go(server, { ...at, opened: true })
    case 'progress':
      return input.listening ? serve(server, { do: 'serve' }) : stay(server)
    case 'reload':
      if (at.opened) return queue(server, input)
      return stay(server, ...refuse(asksOf(input), 'not listening', input.reason))
    case 'stop':
      return stop(server, { ...input, lameDuck: false })
    case 'force':
      return force(server, input.reason)
    default:
      return ignore<'booting'>(server, input)
  }
}

function serving(server: Server, input: Input): Step {
  switch (input.type) {
    case 'reload':
      return beginReload(server, {
        reason: input.reason,
        asks: asksOf(input),
        supervised: input.supervised === true
      })
    case 'stop':
      return stop(server, input)
    case 'force':
      return force(server, input.reason)
    case 'started':
      return stray(server, input.child)
    default:
      return ignore<'serving'>(server, input)
  }
}

function closed(server: Server, input: Input): Step {
  switch (input.type) {
    case 'started':
      return stray(server, input.child)
    case 'reload':
      return stay(server, ...refuse(asksOf(input), 'stopping', 'closed'))
    default:
      return ignore<'closed'>(server, input)
  }
}

/** Under a launcher, the launcher reloads all of its workers, and outlives this process. */
function askLauncher(server: Server, input: InputOf<'reload'>): Step {
  const { at } = server
  const { ask, reason } = input
  const asks = asksOf(input)
  const isOver = at.name === 'closed' || (at.name === 'leaving' && at.cause !== 'reloaded')
  if (isOver) return stay(server, ...refuse(asks, 'stopping', 'stop'))
  if (at.name === 'booting' && !at.opened) return stay(server, ...refuse(asks, 'not listening', reason))
  if (ask === undefined) return stay(server)
  return stay({ ...server, elsewhere: [...server.elsewhere, ask] }, { do: 'ask launcher', ask, reason })
}

/** The launcher cancels the reload that it has requested. */
function unqueue(server: Server, { reason }: InputOf<'undo'>): Step {
  return stay({ ...server, queued: undefined }, ...refuse(server.queued?.asks ?? [], 'stopping', reason))
}

/** Callers get the answer when the hooks and the service manager know how the reload ended, or their time is over. */
function answerTold(server: Server, input: Input, isOver: (one: Telling) => boolean): Step {
  const answers = server.telling.filter(isOver).map(({ reload }): Effect => ({ do: 'answer', reload }))
  const left = server.telling.filter((one) => !isOver(one))
  const quiet = left.length === 0 ? [cancel('tell')] : []
  const [after, effects] = stepAt({ ...server, telling: left }, server.at, input)
  return [after, [...answers, ...quiet, ...effects]]
}

/** The process that made the reload has reported how it ended. */
function answered(server: Server, { ask }: InputOf<'answered'>): Step {
  if (!server.elsewhere.includes(ask)) return stay(server)
  const next = { ...server, elsewhere: server.elsewhere.filter((other) => other !== ask) }
  const report = { do: 'report', ask } as const
  // A process that leaves may have waited for nothing else.
  return next.at.name === 'leaving' ? finish(next, next.at, report) : stay(next, report)
}

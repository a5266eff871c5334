import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input, ParentWord } from './server-inputs.js'
import type { Server } from './server-state.js'
import {
  andThen,
  cancel,
  endUnserved,
  force,
  go,
  type InputOf,
  isOwn,
  leave,
  type PlaceOf,
  queueAsChild,
  refuse,
  serve,
  stay,
  stop,
  stopOf,
  wait
} from './server-steps.js'

/** A process as the child of a reload: until it serves, and on probation. */

type Successor = PlaceOf<'successor'>
type Trial = PlaceOf<'trial'>

/** It boots, says that it is ready, and accepts when its parent says so. */
export function successor(server: Server, at: Successor, input: Input): Step {
  switch (input.type) {
    case 'progress':
      return at.stage === 'booting' ? progress(server, at, input) : stay(server)
    case 'due':
      if (input.timer === 'claims' && at.stage === 'booting') return becomeReady(server, at)
      if (input.timer === 'boot' && at.stage === 'booting') return giveUpBooting(server)
      if (input.timer === 'word' && at.stage === 'ready') return giveUpWaiting(server)
      if (input.timer === 'load' && at.stage === 'loading') return giveUpLoading(server)
      return stay(server)
    case 'parent said':
      return hearParentUnserved(server, at, input.word)
    case 'parent gone':
      return at.isCheck ? force(server, 'the process that made the check is gone') : orphan(server, at)
    case 'loaded':
      if (at.stage !== 'loading') return stay(server)
      return at.isCheck ? passCheck(server, at) : stay(server, { do: 'accept' })
    case 'not loaded':
      return at.stage === 'loading' ? giveUpLoading(server) : stay(server)
    case 'accepted':
      return at.stage === 'loading' && !at.isCheck ? takeOver(server, at) : stay(server)
    case 'not accepted':
      return at.stage === 'loading' ? giveUpAccepting(server) : stay(server)
    case 'reload':
      return queueAsChild(server, input)
    case 'stop':
      return stopUnserved(server, at, input)
    case 'force':
      return force(server, input.reason)
    default:
      return ignore<'successor'>(server, input)
  }
}

function hearParentUnserved(server: Server, at: Successor, word: ParentWord): Step {
  // The child of a check never serves, whatever its parent says.
  if (word.type === (at.isCheck ? 'try' : 'take over') && at.stage === 'ready') return load(server, at)
  if (word.type === 'settled' && at.stage === 'loading') return go(server, { ...at, isSettled: true })
  return word.type === 'stop' ? stopUnserved(server, at, stopOf(word)) : stay(server)
}

/**
 * A process that does not accept gets no clients, so it need not be a lame duck. Where a check has shown all that it
 * can, the end is a part of it, with the hooks of the apps.
 */
function stopUnserved(server: Server, at: Successor, input: InputOf<'stop'>): Step {
  const { cause, reason } = input
  const isChecked = at.isCheck && at.stage === 'ready'
  if (cause === 'app closes' || isChecked) return stop(server, { ...input, lameDuck: false }, ...quiet())
  return endUnserved(server, cause, reason, ...quiet())
}

function progress(server: Server, at: Successor, { listening, complete }: InputOf<'progress'>): Step {
  if (!listening) return stay(server, cancel('claims'))
  return complete ? becomeReady(server, at) : stay(server, wait('claims'))
}

function becomeReady(server: Server, at: Successor): Step {
  if (at.orphan) return load(server, at)
  return go(server, { ...at, stage: 'ready' }, cancel('claims'), wait('word'), { do: 'offer' })
}

function load(server: Server, at: Successor): Step {
  return go(server, { ...at, stage: 'loading' }, ...quiet(), wait('load'), { do: 'load state' })
}

/**
 * The parent is gone, and no other process serves. So the child goes on and serves when it can, with a limit of its
 * own.
 */
function orphan(server: Server, at: Successor): Step {
  const alone: Successor = { ...at, orphan: true }
  if (at.stage === 'ready') return load(server, alone)
  if (at.stage === 'loading') return go(server, alone)
  return go(server, alone, { do: 'warn', about: 'orphan', reason: '' }, wait('boot'))
}

/** Otherwise it would hold the sockets without accepting, and block the process that is started in its place. */
function giveUpBooting(server: Server): Step {
  return endUnserved(server, 'error', 'the apps do not listen', ...quiet())
}

function takeOver(server: Server, { orphan, isSettled }: Successor): Step {
  const begin: Effect[] = [cancel('load'), { do: 'begin trial' }, { do: 'serve' }]
  if (orphan || isSettled) return serve(server, ...begin, { do: 'settle', orphan })
  const at: Trial = { name: 'trial', stage: 'running', reason: '', leaves: false }
  begin.push(...limitQueue(server))
  return go(server, at, ...begin, { do: 'tell parent', word: { type: 'serving' } })
}

/** The check is complete; the parent ends this process. */
function passCheck(server: Server, at: Successor): Step {
  const word = { type: 'checked' } as const
  return go(server, { ...at, stage: 'ready' }, cancel('load'), wait('word'), { do: 'tell parent', word })
}

/** The state of the parent is lost, and this process would serve without it. */
function giveUpLoading(server: Server): Step {
  return endUnserved(server, 'error', 'the state could not be loaded', cancel('load'))
}

/** Nobody would accept, as the parent stops doing so when this process says that it serves. */
function giveUpAccepting(server: Server): Step {
  return endUnserved(server, 'error', 'this process cannot accept', cancel('load'))
}

/** The parent lives and is silent. If it recovers, it must find that this process has ended. */
function giveUpWaiting(server: Server): Step {
  return endUnserved(server, 'error', 'the parent does not let this process take over')
}

/** Its parent may still take over again. */
export function trial(server: Server, at: Trial, input: Input): Step {
  switch (input.type) {
    case 'parent said':
      return hearParent(server, at, input.word)
    case 'parent gone':
      return settle(server, at, true)
    case 'roll back':
      return canGiveBack(at) ? giveBack(server, input.reason, false) : stay(server)
    case 'healthy':
      return at.stage === 'checking' ? confirm(server, at) : stay(server)
    case 'reload':
      return queueOnTrial(server, input)
    case 'stop':
      return stopOnTrial(server, at, input)
    case 'force':
      return force(server, input.reason)
    case 'due':
      return dueOnTrial(server, at, input)
    default:
      return ignore<'trial'>(server, input)
  }
}

/** The parent may be silent for ever. After the child has confirmed, its limit may be over before a request comes. */
function queueOnTrial(server: Server, input: InputOf<'reload'>): Step {
  const isFirst = server.queued === undefined
  return andThen(queueAsChild(server, input), (next) => stay(next, ...(isFirst ? limitQueue(next) : [])))
}

/** Those who have requested a reload wait until the parent says how this one ends, but not for ever. */
function limitQueue({ queued }: Server): Effect[] {
  return queued === undefined ? [] : [wait('settle')]
}

/** What waits for the parent is answered. It may make the reload all the same when it speaks again. */
function giveUpQueue(server: Server): Step {
  const { queued } = server
  if (queued === undefined) return stay(server)
  return stay(
    { ...server, queued: undefined },
    { do: 'warn', about: 'silent parent', reason: '' },
    ...refuse(queued.asks, 'unknown', 'the parent does not answer')
  )
}

function hearParent(server: Server, at: Trial, word: ParentWord): Step {
  switch (word.type) {
    case 'confirm':
      if (at.stage !== 'running') return stay(server)
      return go(server, { ...at, stage: 'checking' }, wait('check'), { do: 'check health' })
    case 'settled':
      return settle(server, at, false)
    case 'give up':
      return at.stage === 'giving back' ? stay(server) : giveBack(server, word.reason, false)
    case 'taken back':
      return at.stage === 'giving back' ? giveAway(server, at) : stay(server)
    case 'stop':
      return stop(server, stopOf(word), ...quiet())
    case 'take over':
    case 'try':
      return stay(server)
    default:
      return word satisfies never
  }
}

/** Once it has confirmed, only its parent can take the service back. */
export function canGiveBack({ stage }: Trial): boolean {
  return stage === 'running' || stage === 'checking'
}

function confirm(server: Server, at: Trial): Step {
  const word = { type: 'confirmed' } as const
  return go(server, { ...at, stage: 'confirmed' }, cancel('check'), wait('settle'), { do: 'tell parent', word })
}

/** This process serves for good. If it cannot go on, it leaves all the same. */
function settle(server: Server, at: Trial, orphan: boolean): Step {
  const settled: Effect[] = [...quiet(), { do: 'settle', orphan }]
  if (at.stage !== 'giving back') return serve(server, ...settled)
  if (at.leaves) return leave(server, { reason: at.reason, cause: 'error' }, ...settled)
  return serve(server, ...settled, { do: 'warn', about: 'too late', reason: at.reason })
}

/** Goes on accepting until the parent does. */
function giveBack(server: Server, reason: string, leaves: boolean): Step {
  return go(
    server,
    { name: 'trial', stage: 'giving back', reason, leaves },
    cancel('check'),
    cancel('settle'),
    { do: 'tell parent', word: { type: 'roll back', reason } },
    wait('give back'),
    ...limitQueue(server)
  )
}

function giveAway(server: Server, { reason, leaves }: Trial): Step {
  return leave(server, { reason, cause: leaves ? 'error' : 'rolled back' }, ...quiet(), { do: 'disown' })
}

/** An error of this process brings the parent back, and so do apps that close; a requested stop does not. */
function stopOnTrial(server: Server, at: Trial, input: InputOf<'stop'>): Step {
  if (isOwn(input.cause))
    return at.stage === 'giving back'
      ? go(server, { ...at, reason: input.reason, leaves: true }, wait('give back'))
      : giveBack(server, input.reason, true)
  const word = { type: 'stopping', reason: input.reason } as const
  // It is the parent that waits.
  return stop(server, { ...input, awaitsParent: false }, ...quiet(), { do: 'tell parent', word })
}

function dueOnTrial(server: Server, at: Trial, { timer }: InputOf<'due'>): Step {
  if (timer === 'settle') return giveUpQueue(server)
  if (timer === 'check' && at.stage === 'checking') return giveBack(server, 'the health check took too long', false)
  if (timer !== 'give back' || at.stage !== 'giving back') return stay(server)
  if (at.leaves) return leave(server, { reason: at.reason, cause: 'error' }, ...quiet(), { do: 'disown' })
  return stay(server, { do: 'warn', about: 'not taken back', reason: at.reason })
}

/** This process waits for no further message of the parent. */
function quiet(): Effect[] {
  return (['claims', 'boot', 'word', 'load', 'check', 'settle', 'give back'] as const).map(cancel)
}

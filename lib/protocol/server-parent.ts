import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input, Timer } from './server-inputs.js'
import type { ChildId, Server } from './server-state.js'
import {
  andThen,
  cancel,
  force,
  go,
  type InputOf,
  isOwn,
  leave,
  type PlaceOf,
  queue,
  recover,
  refused,
  stay,
  stopOfChild,
  stray,
  telling,
  unknown,
  wait
} from './server-steps.js'

/**
 * A process as the parent of a reload whose child serves on probation: until that serves for good, or it serves again
 * itself.
 */

type Parent = PlaceOf<'parent'>

/** The child serves on probation. */
export function parent(server: Server, at: Parent, input: Input): Step {
  switch (input.type) {
    case 'child said':
      return input.child === at.child ? hearChildOnProbation(server, at, input) : stay(server)
    case 'child ended':
      return input.child === at.child ? takeBack(server, at, at.how || input.how, false) : stay(server)
    case 'unwell':
      return input.child === at.child ? judged(server, at, input) : stay(server)
    case 'due':
      return dueOnProbation(server, at, input)
    case 'commit':
      return at.stage === 'passed' ? succeed(server, at) : stay(server)
    case 'undo':
      return isDoomed(at) ? stay(server) : undo(server, at, input.reason)
    case 'reload':
      return queue(server, input)
    case 'stop':
      return stopAsParent(server, at, input)
    case 'force':
      return force(server, input.reason, ...refused(at.reload, input.reason), { do: 'stop moving' })
    case 'started':
      return stray(server, input.child)
    default:
      return ignore<'parent'>(server, input)
  }
}

function hearChildOnProbation(server: Server, at: Parent, { word }: InputOf<'child said'>): Step {
  switch (word.type) {
    case 'confirmed':
      if (at.stage !== 'confirming') return stay(server)
      if (!at.reload.supervised) return succeed(server, at)
      return go(server, { ...at, stage: 'passed' }, cancel('confirm'), { do: 'tell launcher', word: 'passed' })
    case 'roll back':
      return at.stage === 'killing' ? stay(server) : takeBack(server, at, at.how || `gave up (${word.reason})`, true)
    case 'stopping':
      return stopWithChild(server, at, word.reason)
    case 'boots':
    case 'ready':
    case 'checked':
    case 'serving':
    case 'reload requested':
      return stay(server)
    default:
      return word satisfies never
  }
}

function dueOnProbation(server: Server, at: Parent, { timer, isCutOff = false }: InputOf<'due'>): Step {
  if (timer === 'probation' && at.stage === 'probation') {
    const ask = { do: 'tell child', child: at.child, word: { type: 'confirm' } } as const
    return go(server, { ...at, stage: 'confirming' }, ask, wait('confirm'))
  }
  // The child may never have had the word, and would be killed as soon as it has.
  if (isCutOff && isAnswerDue(at, timer)) return stay(server, wait(timer))
  if (timer === 'confirm' && at.stage === 'confirming') return kill(server, at, 'did not confirm that it serves')
  if (timer === 'undo' && at.stage === 'undoing') return kill(server, at, at.how)
  if (timer === 'kill' && at.stage === 'killing') return takeBack(server, at, at.how, false)
  return stay(server)
}

function isAnswerDue({ stage }: Parent, timer: Timer): boolean {
  return (timer === 'confirm' && stage === 'confirming') || (timer === 'undo' && stage === 'undoing')
}

/** A child that does not answer cannot agree to anything: its end decides. */
function kill(server: Server, at: Parent, how: string): Step {
  return go(server, { ...at, stage: 'killing', how }, { do: 'kill child', child: at.child }, wait('kill'))
}

/** Another worker has failed, so this one gives its reload up as well. */
export function undo(server: Server, at: Parent, reason: string): Step {
  return giveUp(server, at, at.how || reason, at.how || `gave up (${reason})`)
}

function giveUp(server: Server, at: Parent, reason: string, how: string): Step {
  const ask = { do: 'tell child', child: at.child, word: { type: 'give up', reason } } as const
  return go(server, { ...at, stage: 'undoing', how }, ...quiet(), ask, wait('undo'))
}

/**
 * The child is not well. If it answers, it gives the service back and finishes its requests; if it does not, it is
 * killed. Once the launcher knows that the child serves for good, only the launcher can decide otherwise.
 */
function judged(server: Server, at: Parent, { isSilent, how }: InputOf<'unwell'>): Step {
  if (isDoomed(at)) return stay(server)
  if (at.stage === 'passed') return go(server, { ...at, how }, { do: 'report unwell', how })
  if (!isSilent) return giveUp(server, at, how, how)
  return andThen(stay(server, ...quiet()), (next) => kill(next, at, how))
}

/** The child will not serve. */
function isDoomed({ stage }: Parent): boolean {
  return stage === 'undoing' || stage === 'killing'
}

/** This process serves again. It tells a child that lives, which then leaves. */
function takeBack(server: Server, at: Parent, how: string, lives: boolean): Step {
  const { child, reload } = at
  const back: Effect[] = [...quiet(), { do: 'wake' }, { do: 'stop moving' }, { do: 'take back' }]
  const told: Effect[] = lives ? [{ do: 'tell child', child, word: { type: 'taken back' } }] : []
  return recover(server, reload, child, { kind: 'rolled back', how }, ...back, ...told)
}

/** The child serves for good. It makes the reload that was requested from this process meanwhile. */
function succeed(server: Server, at: Parent): Step {
  const { child, reload } = at
  const { queued } = server
  const passed: Effect[] =
    queued === undefined ? [] : [{ do: 'pass on', child, asks: queued.asks, reason: queued.reason }]
  const elsewhere = [...server.elsewhere, ...(queued?.asks ?? [])]
  const conclude: Effect = { do: 'conclude', reload, child, failure: undefined }
  const way = { reason: 'reloaded', cause: 'reloaded', child } as const
  return leave(
    { ...telling(server, reload, child), queued: undefined, elsewhere },
    way,
    ...quiet(),
    ...passed,
    conclude
  )
}

/** A stop of the service also stops the child. An error of this process, or an app that closes, does not. */
export function stopAsParent(server: Server, at: Parent, input: InputOf<'stop'>): Step {
  const { reason, cause, awaitsParent } = input
  const { child, reload } = at
  const isLost = at.stage === 'killing'
  const word = isOwn(cause) ? ({ type: 'settled' } as const) : ({ type: 'stop', reason, lameDuck: false } as const)
  const told: Effect = isLost ? { do: 'kill child', child } : { do: 'tell child', child, word }
  const awaitsChild = isLost || !isOwn(cause)
  // Under a launcher, that makes what waits here.
  const bequeaths = !awaitsChild && !server.launched
  const passed = bequeaths ? bequeath(server, child, reason) : []
  return leave(
    bequeaths ? { ...server, queued: undefined } : server,
    { reason, cause, awaitsChild, awaitsParent, child },
    ...quiet(),
    { do: 'stop moving' },
    ...passed,
    told,
    ...refused(reload, reason)
  )
}

/** The child makes the reload that waits here. This process ends before that, so the callers do not learn how. */
function bequeath({ queued }: Server, child: ChildId, reason: string): Effect[] {
  if (queued === undefined) return []
  return [{ do: 'pass on', child, asks: [], reason: queued.reason }, ...unknown(queued.asks, reason)]
}

/** The child leaves already, and this process waits for it. */
function stopWithChild(server: Server, at: Parent, said: string): Step {
  const { reason, cause } = stopOfChild(said)
  return leave(
    server,
    { reason, cause, awaitsChild: true, child: at.child, childLeads: true },
    ...quiet(),
    { do: 'stop moving' },
    ...refused(at.reload, reason)
  )
}

function quiet(): Effect[] {
  return (['probation', 'confirm', 'undo', 'kill'] as const).map(cancel)
}

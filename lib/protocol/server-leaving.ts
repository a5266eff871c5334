import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input } from './server-inputs.js'
import type { Server } from './server-state.js'
import {
  andThen,
  asksOf,
  cancel,
  force,
  go,
  type InputOf,
  type PlaceOf,
  refuse,
  stay,
  stopOf,
  stopOfChild,
  stray,
  unknown,
  wait
} from './server-steps.js'

/** A process that is leaving. There is one way to leave, and later requests join it. */

type Leaving = PlaceOf<'leaving'>

export function leaving(server: Server, at: Leaving, input: Input): Step {
  switch (input.type) {
    case 'due':
      return due(server, at, input)
    case 'drained':
      return at.stage === 'draining' ? closeApps(server, at, input.cut) : stay(server)
    case 'apps closed':
      return at.stage === 'closing' ? waitForOthers(server, at, input.failed) : stay(server)
    case 'last app closed':
      return at.cause === 'app closes' ? waitForOthers(server, at, false) : stay(server)
    case 'noted':
      return at.child === input.child ? settleChild(server, at) : stay(server)
    case 'concluded':
      // The reload that succeeded is the last one; hooks may still deal with one that failed before it.
      return input.child === server.children ? told(server, at) : finish(server, at)
    case 'child ended':
      return input.child === at.child ? childEnded(server, at) : stay(server)
    case 'child said':
      return hearChild(server, at, input)
    case 'parent said':
      // It took the service back from this process, and now ends it.
      return input.word.type === 'stop' ? stopAgain(server, at, stopOf(input.word)) : stay(server)
    case 'parent gone':
      return finish({ ...server, parent: 'gone' }, { ...at, awaitsParent: false })
    case 'started':
      return stray(server, input.child)
    case 'not started':
      return input.child === at.child ? finish(server, { ...at, awaitsChild: false }) : stay(server)
    case 'reload':
      return reload(server, at, input)
    case 'stop':
      return stopAgain(server, at, input)
    case 'force':
      return end(server, at, input.reason)
    default:
      return ignore<'leaving'>(server, input)
  }
}

function due(server: Server, at: Leaving, { timer }: InputOf<'due'>): Step {
  if (timer === 'lame duck' && at.stage === 'lame duck') return drain(server, at, at.reason)
  if (timer === 'tell') return told(server, at)
  return timer === 'stop' ? timeIsUp(server, at, 'the limit of the whole stop') : stay(server)
}

/** If nothing is missing but the outcome of a reload that another process makes, no work is cut off. */
function timeIsUp(server: Server, at: Leaving, reason: string): Step {
  const alone = finish({ ...server, elsewhere: [] }, at, ...unknown(server.elsewhere, reason))
  return alone[0].at.name === 'closed' ? alone : end(server, at, reason)
}

function drain(server: Server, at: Leaving, reason: string): Step {
  const limit: Effect[] = at.stage === 'telling' ? [wait('stop')] : [cancel('lame duck')]
  return go(server, { ...at, stage: 'draining' }, ...limit, { do: 'drain', cause: at.cause, reason })
}

/** The hooks and the service manager know that the reload succeeded, or their time is over. */
function told(server: Server, at: Leaving): Step {
  return andThen(settleChild(server, at), (next) => {
    const settled = next.at as Leaving
    return at.stage === 'telling' ? drain(next, settled, at.reason) : finish(next, settled)
  })
}

/** The child serves for good as soon as the service manager knows, and at the latest when the reports are over. */
function settleChild(server: Server, at: Leaving): Step {
  const { child } = at
  if (at.cause !== 'reloaded' || child === undefined || at.hasSettled) return stay({ ...server, at })
  return go(server, { ...at, hasSettled: true }, { do: 'tell child', child, word: { type: 'settled' } })
}

/** If the app closes itself, its own `close` goes on, for as long as the app allows. */
function closeApps(server: Server, at: Leaving, cut: boolean): Step {
  const effects: Effect[] = at.cause === 'app closes' ? [cancel('stop')] : [{ do: 'close apps' }]
  return go(server, { ...at, stage: 'closing', failed: at.failed || cut }, ...effects)
}

function waitForOthers(server: Server, at: Leaving, failed: boolean): Step {
  const limit: Effect[] = at.cause === 'app closes' ? [wait('stop')] : []
  return finish(server, { ...at, stage: 'waiting', failed: at.failed || failed }, ...limit)
}

/** Ends when there is nothing left to wait for. */
export function finish(server: Server, at: Leaving, ...effects: Effect[]): Step {
  const isOver =
    at.stage === 'waiting' &&
    server.telling.length === 0 &&
    !at.awaitsChild &&
    !at.awaitsParent &&
    server.elsewhere.length === 0
  if (!isOver) return go(server, at, ...effects)
  const { cause } = at
  const reason = cause === 'app closes' ? 'the app closed' : at.reason
  return go(server, { name: 'closed' }, ...effects, cancel('stop'), {
    do: 'close',
    reason,
    code: at.failed ? 1 : 0,
    exits: cause !== 'app closes'
  })
}

/** The child will not answer its requests any more. */
function childEnded(server: Server, at: Leaving): Step {
  const lost = server.launched ? [] : server.elsewhere
  const next = { ...server, elsewhere: server.launched ? server.elsewhere : [] }
  return finish(
    next,
    { ...at, awaitsChild: false, child: undefined },
    ...refuse(lost, 'unknown', 'the new generation has ended')
  )
}

/**
 * A child that was handed over to and thinks better of it is too late; one that leaves in any case needs no answer. If
 * it stops, the service does, and the generations before this one have no more time either.
 */
function hearChild(server: Server, at: Leaving, { child, word }: InputOf<'child said'>): Step {
  if (child === at.child && word.type === 'stopping' && at.cause === 'reloaded') {
    const above: Effect[] = server.parent === 'alive' ? [{ do: 'tell parent', word }] : []
    return andThen(stopAgain(server, at, stopOfChild(word.reason)), (next) => stay(next, ...above))
  }
  if (child !== at.child || word.type !== 'roll back' || at.awaitsChild) return stay(server)
  return stay(server, { do: 'tell child', child, word: { type: 'settled' } })
}

/** A process that has a successor lets the successor make the reload. */
function reload(server: Server, at: Leaving, input: InputOf<'reload'>): Step {
  const { child } = at
  const { reason } = input
  const asks = asksOf(input)
  if (at.cause === 'rolled back' && server.parent === 'alive') {
    // The parent serves, and the caller may not have known it yet.
    const word = { type: 'reload requested', reason } as const
    return stay(server, { do: 'tell parent', word }, ...unknown(asks, at.reason))
  }
  if (at.cause !== 'reloaded' || child === undefined)
    return stay(server, ...refuse(asks, 'stopping', at.stage === 'lame duck' ? 'lame duck' : 'draining'))
  return stay({ ...server, elsewhere: [...server.elsewhere, ...asks] }, { do: 'pass on', child, asks, reason })
}

/** A parent with a successor gives idle connections their time. At the end of the service, they end too. */
function stopAgain(server: Server, at: Leaving, input: InputOf<'stop'>): Step {
  const { cause, reason } = input
  const awaitsParent = input.awaitsParent && server.parent === 'alive'
  const isWaiting = at.stage === 'lame duck' || at.stage === 'telling'
  if (cause === 'app closes') return isWaiting ? drain(server, at, reason) : stay(server)
  const failed = at.failed || cause === 'error'
  if (at.cause === 'app closes') {
    // It joins the drain in progress: the process ends after it.
    const join: Effect[] =
      at.stage === 'closing' ? [wait('stop'), { do: 'close apps' }] : [{ do: 'drain', cause, reason }]
    return go(server, { ...at, cause, reason, failed, awaitsParent }, ...join)
  }
  if (at.cause !== 'reloaded' && at.cause !== 'rolled back') return go(server, { ...at, failed })
  const hurry = (next: Server, leaving: Leaving) => go(next, { ...leaving, failed }, { do: 'hurry' }, wait('stop'))
  if (at.stage !== 'telling') return hurry(server, at)
  return andThen(drain(server, at, at.reason), (next) => hurry(next, next.at as Leaving))
}

/** Cuts off everything that is left, and ends. A child that leaves with this process ends with it. */
function end(server: Server, at: Leaving, reason: string): Step {
  const child: Effect[] = at.awaitsChild && at.child !== undefined ? [{ do: 'kill child', child: at.child }] : []
  return force(server, reason, ...child)
}

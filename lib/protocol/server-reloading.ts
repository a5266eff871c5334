import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input } from './server-inputs.js'
import { stopAsParent, undo } from './server-parent.js'
import type { Failure, Server, Stop } from './server-state.js'
import {
  andThen,
  asInput,
  cancel,
  force,
  go,
  type InputOf,
  isOwn,
  leave,
  outweighs,
  type PlaceOf,
  queue,
  recover,
  refused,
  serve,
  stay,
  stop,
  stray,
  wait
} from './server-steps.js'

/** A process as the parent of a reload, until the child serves, and for a moment after a reload that failed. */

type Reloading = PlaceOf<'reloading'>
type Parent = PlaceOf<'parent'>

const LATE: Failure = { kind: 'late' }

/** A child is started and boots; this process serves. */
export function reloading(server: Server, at: Reloading, input: Input): Step {
  switch (input.type) {
    case 'approved':
      return at.stage === 'asking hooks' ? startChild(server, at, input.saves) : stay(server)
    case 'vetoed':
      return at.stage === 'asking hooks' ? fail(server, at, { kind: 'vetoed', error: input.error }) : stay(server)
    case 'started':
      if (input.child !== at.child) return stray(server, input.child)
      if (at.stage !== 'starting') return stay(server)
      return go(server, { ...at, stage: 'booting' }, { do: 'note child', child: at.child, reload: at.reload })
    case 'not started':
      if (input.child !== at.child || at.stage !== 'starting') return stay(server)
      return fail(server, at, { kind: 'not started', error: input.error })
    case 'child said':
      return input.child === at.child ? hearChild(server, at, input) : stay(server)
    case 'saved':
      return input.child === at.child && at.stage === 'saving' ? letTakeOver(server, at) : stay(server)
    case 'not saved':
      if (input.child !== at.child || at.stage !== 'saving') return stay(server)
      return abort(server, at, { kind: 'no state', error: input.error })
    case 'not sent':
      if (input.child !== at.child || at.stage !== 'handing over') return stay(server)
      return abort(server, at, { kind: 'no state', error: input.error })
    case 'child ended':
      return input.child === at.child ? childEnded(server, at, input.again) : stay(server)
    case 'due':
      return dueInReload(server, at, input)
    case 'undo':
      return undoInReload(server, at, input)
    case 'reload':
      return queue(server, input)
    case 'stop':
      return stopInReload(server, at, input)
    case 'force':
      return force(server, input.reason, { do: 'kill child', child: at.child }, ...refused(at.reload, input.reason))
    default:
      return ignore<'reloading'>(server, input)
  }
}

function startChild(server: Server, at: Reloading, saves: boolean): Step {
  return go(server, { ...at, stage: 'starting', saves }, { do: 'start child', child: at.child })
}

function hearChild(server: Server, at: Reloading, { word }: InputOf<'child said'>): Step {
  if (word.type === 'ready' && at.stage === 'booting') {
    if (word.error !== undefined) return abort(server, at, { kind: 'bad handoff', error: word.error })
    if (!at.saves) return letTakeOver(server, at)
    const asleep = { do: 'sleep', child: at.child } as const
    return go(server, { ...at, stage: 'saving' }, asleep, { do: 'save state', child: at.child })
  }
  if (word.type === 'boots' && (at.stage === 'starting' || at.stage === 'booting')) return stay(server, wait('ready'))
  if (word.type === 'serving' && at.stage === 'handing over') return handedOver(server, at)
  return stay(server)
}

function letTakeOver(server: Server, at: Reloading): Step {
  return go(
    server,
    { ...at, stage: 'handing over' },
    {
      do: 'tell child',
      child: at.child,
      word: { type: 'take over' }
    }
  )
}

/** The child accepts, so this process need not. */
function handedOver(server: Server, at: Reloading): Step {
  const { child, reload } = at
  const asleep: Effect[] = [cancel('ready'), { do: 'sleep', child }]
  const parent = go(server, { name: 'parent', stage: 'probation', reload, child, how: '' }, ...asleep, {
    do: 'hand over',
    child
  })
  if (at.stop !== undefined)
    return andThen(parent, (next) => stopAsParent(next, next.at as Parent, asInput(at.stop as Stop)))
  const { undone } = at
  if (undone !== undefined) return andThen(parent, (next) => undo(next, next.at as Parent, undone))
  const told: Effect[] = reload.supervised ? [{ do: 'tell launcher', word: 'handed over' }] : []
  return andThen(parent, (next) => stay(next, ...told, wait('probation')))
}

/** The child must not serve. It is killed, and this process serves at once. */
function abort(server: Server, at: Reloading, failure: Failure): Step {
  const { child } = at
  return go(
    server,
    { ...at, stage: 'cancelling', failure },
    { do: 'kill child', child },
    { do: 'wake' },
    cancel('ready'),
    wait('kill')
  )
}

function childEnded(server: Server, at: Reloading, again: string | undefined): Step {
  // Under a launcher it is the launcher that reloads.
  const isOwn = again !== undefined && !server.launched
  const next = isOwn ? queue(server, { type: 'reload', ask: undefined, reason: again })[0] : server
  const asked: Effect[] =
    again !== undefined && server.launched ? [{ do: 'ask launcher', ask: undefined, reason: again }] : []
  const failure = at.failure ?? ({ kind: 'exited' } as const)
  const awake: Effect[] = at.stage === 'saving' || at.stage === 'handing over' ? [{ do: 'wake' }] : []
  return fail(next, at, failure, ...awake, cancel('kill'), ...asked)
}

/** Nothing has changed, unless a stop was requested meanwhile. */
function fail(server: Server, at: Reloading, failure: Failure, ...effects: Effect[]): Step {
  const done = [...effects, cancel('ready')]
  if (at.stop === undefined) return recover(server, at.reload, at.child, failure, ...done)
  return stop(server, asInput(at.stop), ...done, ...refused(at.reload, at.stop.reason))
}

function dueInReload(server: Server, at: Reloading, { timer }: InputOf<'due'>): Step {
  if (timer === 'kill' && at.stage === 'cancelling') return childEnded(server, at, undefined)
  if (timer !== 'ready') return stay(server)
  switch (at.stage) {
    case 'asking hooks':
      return fail(server, at, LATE, { do: 'stop asking' })
    case 'starting':
      // It may still come to be, and is killed then.
      return fail(server, at, LATE)
    case 'handing over':
      // It cannot serve on either, and the child may be about to.
      if (at.stop !== undefined && isOwn(at.stop.cause)) return handedOver(server, at)
      return abort(server, at, LATE)
    case 'booting':
    case 'saving':
      return abort(server, at, LATE)
    case 'cancelling':
      return stay(server)
    default:
      return at.stage satisfies never
  }
}

/** Another worker has failed, so this one need not go on. */
function undoInReload(server: Server, at: Reloading, { reason }: InputOf<'undo'>): Step {
  const failure: Failure = { kind: 'rolled back', how: `gave up (${reason})` }
  switch (at.stage) {
    case 'asking hooks':
      return fail(server, at, failure, { do: 'stop asking' })
    case 'starting':
      return fail(server, at, failure)
    case 'booting':
    case 'saving':
      return abort(server, at, failure)
    case 'handing over':
      return go(server, { ...at, undone: reason })
    case 'cancelling':
      return stay(server)
    default:
      return at.stage satisfies never
  }
}

function stopInReload(server: Server, at: Reloading, input: InputOf<'stop'>): Step {
  switch (at.stage) {
    case 'handing over':
      return stopInHandover(server, at, input)
    case 'cancelling':
      return outweighsIn(at, input) ? go(server, { ...at, stop: input }) : stay(server)
    case 'asking hooks':
      return stop(server, input, { do: 'stop asking' }, cancel('ready'), ...refused(at.reload, input.reason))
    case 'starting':
      return stopBeside(server, at, input)
    case 'booting':
    case 'saving':
      return stopBeside(server, at, input, { do: 'kill child', child: at.child }, { do: 'wake' })
    default:
      return at.stage satisfies never
  }
}

/**
 * Until the child says that it serves, or ends, this process remembers the stop. If that means the service, the child
 * gets the order at once: it may load its state for long, and must not serve if this process is killed meanwhile.
 */
function stopInHandover(server: Server, at: Reloading, input: InputOf<'stop'>): Step {
  if (!outweighsIn(at, input)) return stay(server)
  const { child } = at
  const { reason, cause } = input
  const word = { type: 'stop', reason, lameDuck: false } as const
  const told: Effect[] = isOwn(cause) ? [] : [{ do: 'tell child', child, word }]
  return go(server, { ...at, stop: input }, ...told)
}

function outweighsIn({ stop }: Reloading, input: InputOf<'stop'>): boolean {
  return stop === undefined || outweighs(input, stop)
}

/**
 * The child does not serve, so it gets no order to stop: the parent kills it. If the child is still being started, the
 * parent kills it as soon as it exists.
 */
function stopBeside(server: Server, at: Reloading, input: InputOf<'stop'>, ...effects: Effect[]): Step {
  const { reason, cause, lameDuck, awaitsParent } = input
  const { child } = at
  return leave(
    server,
    { reason, cause, lameDuck, awaitsParent, awaitsChild: true, child },
    ...effects,
    cancel('ready'),
    ...refused(at.reload, reason)
  )
}

/** Serving again after a failed reload, until the service manager knows. */
export function recovered(server: Server, at: PlaceOf<'recovered'>, input: Input): Step {
  switch (input.type) {
    case 'noted':
    case 'concluded':
      return input.child === at.child ? serve(server) : stay(server)
    case 'due':
      return input.timer === 'tell' ? serve(server) : stay(server)
    case 'reload':
      return queue(server, input)
    case 'stop':
      return stop(server, input)
    case 'force':
      return force(server, input.reason)
    case 'started':
      return stray(server, input.child)
    default:
      return ignore<'recovered'>(server, input)
  }
}

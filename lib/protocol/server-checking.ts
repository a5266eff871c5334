import type { Effect, Step } from './server-effects.js'
import { ignore } from './server-ignored.js'
import type { Input } from './server-inputs.js'
import type { Failure, Place, Server } from './server-state.js'
import {
  andThen,
  cancel,
  force,
  go,
  type InputOf,
  leave,
  type PlaceOf,
  queue,
  refuse,
  serve,
  stay,
  stray,
  telling,
  wait
} from './server-steps.js'

/**
 * A check: a child boots as in a reload, shows whether it could take over, and ends. Nothing here makes this process
 * stop accepting, or lets the child accept.
 */

type Checking = PlaceOf<'checking'>

/** Why a process in this state makes no check. A process that serves makes one. */
const WHY_NOT: Readonly<Record<Exclude<Place['name'], 'serving'>, string>> = {
  booting: 'this process does not listen yet',
  successor: 'this process does not serve yet',
  trial: 'this process is on probation itself',
  recovered: 'a reload has just failed, and is not quite over',
  reloading: 'a reload is in progress, and its result says more than a check',
  checking: 'another check is in progress',
  parent: 'a reload is in progress, and its result says more than a check',
  leaving: 'this process is on its way out',
  closed: 'this process is on its way out'
}

/** A check is requested. Everything else that is in progress comes first. */
export function requestCheck(server: Server, { ask, reason, saves }: InputOf<'check'>): Step {
  const { at } = server
  if (at.name !== 'serving') return stay(server, ...refuse([ask], 'no check', WHY_NOT[at.name]))
  const child = server.children + 1
  const check = { reason, asks: [ask], supervised: false }
  return go(
    { ...server, children: child },
    { name: 'checking', stage: 'starting', check, child, saves, failure: undefined },
    wait('ready'),
    { do: 'start check', child, check }
  )
}

export function checking(server: Server, at: Checking, input: Input): Step {
  switch (input.type) {
    case 'started':
      if (input.child !== at.child) return stray(server, input.child)
      if (at.stage !== 'starting') return stay(server)
      return go(server, { ...at, stage: 'booting' }, { do: 'note check', child: at.child, check: at.check })
    case 'not started':
      if (input.child !== at.child || at.stage !== 'starting') return stay(server)
      return conclude(server, at, { kind: 'not started', error: input.error })
    case 'child said':
      return input.child === at.child ? hearChild(server, at, input) : stay(server)
    case 'saved':
      return input.child === at.child && at.stage === 'saving' ? letTry(server, at) : stay(server)
    case 'not saved':
      if (input.child !== at.child || at.stage !== 'saving') return stay(server)
      return kill(server, at, { kind: 'no state', error: input.error })
    case 'not sent':
      if (input.child !== at.child || at.stage !== 'trying') return stay(server)
      return kill(server, at, { kind: 'no state', error: input.error })
    case 'child ended':
      return input.child === at.child ? childEnded(server, at) : stay(server)
    case 'due':
      return due(server, at, input)
    case 'reload':
      return andThen(queue(server, input), (next) => giveUp(next, at, `a reload was requested (${input.reason})`))
    case 'stop':
      return stop(server, at, input)
    case 'force':
      return force(server, input.reason, ...killing(at), ...refused(at, input.reason))
    default:
      return ignore<'checking'>(server, input)
  }
}

function hearChild(server: Server, at: Checking, { word }: InputOf<'child said'>): Step {
  if (word.type === 'ready' && at.stage === 'booting') {
    if (word.error !== undefined) return kill(server, at, { kind: 'bad handoff', error: word.error })
    // A child of an earlier release knows only the order to take over, so the check can only show that it boots.
    if (word.isCheck !== true) return end(server, at)
    return at.saves ? go(server, { ...at, stage: 'saving' }, { do: 'save state', child: at.child }) : letTry(server, at)
  }
  if (word.type === 'boots' && at.stage === 'booting') return stay(server, wait('ready'))
  return word.type === 'checked' && at.stage === 'trying' ? end(server, at) : stay(server)
}

function letTry(server: Server, at: Checking): Step {
  return go(server, { ...at, stage: 'trying' }, { do: 'tell child', child: at.child, word: { type: 'try' } })
}

/** The child has passed. Its apps close as usual. */
function end(server: Server, at: Checking): Step {
  const word = { type: 'stop', reason: 'the check is over', lameDuck: false } as const
  const told: Effect = { do: 'tell child', child: at.child, word }
  return go(server, { ...at, stage: 'ending' }, cancel('ready'), told, wait('end'))
}

function kill(server: Server, at: Checking, failure: Failure | undefined): Step {
  const killed: Effect = { do: 'kill child', child: at.child }
  return go(server, { ...at, stage: 'killing', failure }, ...quiet(), killed, wait('kill'))
}

/** Something more important waits. If the child has passed, the check has passed. */
function giveUp(server: Server, at: Checking, reason: string): Step {
  const cancelled: Failure = { kind: 'cancelled', reason }
  switch (at.stage) {
    case 'starting':
      // It may still come to be, and is killed then.
      return conclude(server, at, cancelled)
    case 'booting':
    case 'saving':
    case 'trying':
      return kill(server, at, cancelled)
    case 'ending':
      return kill(server, at, undefined)
    case 'killing':
      return stay(server)
    default:
      return at.stage satisfies never
  }
}

function childEnded(server: Server, at: Checking): Step {
  const hasPassed = at.stage === 'ending' || at.stage === 'killing'
  return conclude(server, at, at.failure ?? (hasPassed ? undefined : { kind: 'exited' }))
}

function due(server: Server, at: Checking, { timer }: InputOf<'due'>): Step {
  if (timer === 'kill' && at.stage === 'killing') return childEnded(server, at)
  if (timer === 'end' && at.stage === 'ending') return kill(server, at, undefined)
  if (timer !== 'ready' || at.stage === 'ending' || at.stage === 'killing') return stay(server)
  return at.stage === 'starting' ? conclude(server, at, { kind: 'late' }) : kill(server, at, { kind: 'late' })
}

/** Serves with nothing else to do. Meanwhile the callers get their answer, and a reload that waited begins. */
function conclude(server: Server, at: Checking, failure: Failure | undefined): Step {
  const { check, child } = at
  const told: Effect[] = [{ do: 'conclude check', check, child, failure }, wait('tell')]
  return serve(telling(server, check, child), ...quiet(), ...told)
}

/** Nobody waits for the outcome any more. */
function stop(server: Server, at: Checking, input: InputOf<'stop'>): Step {
  const { reason, cause, lameDuck, awaitsParent } = input
  const way = { reason, cause, lameDuck, awaitsParent, awaitsChild: true, child: at.child }
  return leave(server, way, ...killing(at), ...quiet(), ...refused(at, reason))
}

/** A child that is still being started is killed once it exists. */
function killing({ stage, child }: Checking): Effect[] {
  return stage === 'starting' ? [] : [{ do: 'kill child', child }]
}

function refused({ check }: Checking, reason: string): Effect[] {
  return refuse(check.asks, 'no check', `this process is stopping (${reason})`)
}

function quiet(): Effect[] {
  return (['ready', 'end', 'kill'] as const).map(cancel)
}

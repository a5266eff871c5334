import { joinReasons } from './joined-reasons.js'
import type { Effect, Refusal, Step } from './server-effects.js'
import type { Input, ParentWord, Timer } from './server-inputs.js'
import type { Ask, Cause, ChildId, Failure, Place, Reload, Server, Stop } from './server-state.js'

/**
 * What several states have in common: small moves, and the ways from one state to another that several of them take.
 */

export type InputOf<T extends Input['type']> = Extract<Input, { type: T }>
export type PlaceOf<N extends Place['name']> = Extract<Place, { name: N }>

/** Nothing changes. */
export const stay = (server: Server, ...effects: Effect[]): Step => [server, effects]

export const go = (server: Server, at: Place, ...effects: Effect[]): Step => [{ ...server, at }, effects]

/** Goes on from a step that has been made. */
export const andThen = ([server, effects]: Step, next: (server: Server) => Step): Step => {
  const [after, more] = next(server)
  return [after, [...effects, ...more]]
}

export const wait = (timer: Timer): Effect => ({ do: 'wait', timer })
export const cancel = (timer: Timer): Effect => ({ do: 'cancel', timer })

/** The answer for callers that there will be no reload; nothing if there are no callers. */
export function refuse(asks: readonly Ask[], why: Refusal, reason: string): Effect[] {
  return asks.length === 0 ? [] : [{ do: 'refuse', asks, why, reason }]
}

/** The callers that wait for the reload that this input requests: a signal has none. */
export function asksOf({ ask }: InputOf<'reload'>): readonly Ask[] {
  return ask === undefined ? [] : [ask]
}

/** One more reload follows the present one. All requests until then count as one. */
export function queue(server: Server, input: InputOf<'reload'>): Step {
  const { reason, supervised = false } = input
  const { queued } = server
  const asks = [...(queued?.asks ?? []), ...asksOf(input)]
  const next: Reload = {
    reason: joinReasons(queued?.reason, reason),
    asks,
    supervised: supervised || queued?.supervised === true
  }
  return stay({ ...server, queued: next }, ...(queued === undefined ? [{ do: 'queue', reason } as const] : []))
}

/**
 * Whether a reload that is requested of this process does not depend on it alone: its parent knows of the request, and
 * makes the reload if this process comes to nothing. A launcher makes its own.
 */
function isShared({ at, launched, parent }: Server): boolean {
  if (launched || parent !== 'alive') return false
  return at.name === 'trial' || (at.name === 'successor' && !at.isCheck)
}

/** The same in a child that does not serve for good yet. */
export function queueAsChild(server: Server, input: InputOf<'reload'>): Step {
  const word = { type: 'reload requested', reason: input.reason } as const
  const told: Effect[] = isShared(server) ? [{ do: 'tell parent', word }] : []
  return andThen(queue(server, input), (next) => stay(next, ...told))
}

/** Another process makes the reload, or may make it, and this one does not learn how it ends. */
export function unknown(asks: readonly Ask[], reason: string): Effect[] {
  return refuse(asks, 'unknown', `this process ends first (${reason})`)
}

/** The answer for the callers of a reload that waits here, when this process leaves. */
function refuseQueued(server: Server, isServiceOver: boolean, reason: string): Effect[] {
  const asks = server.queued?.asks ?? []
  return isShared(server) && !isServiceOver ? unknown(asks, reason) : refuse(asks, 'stopping', reason)
}

/** Begins a reload. */
export function beginReload(server: Server, reload: Reload): Step {
  const child = server.children + 1
  return go(
    { ...server, children: child },
    {
      name: 'reloading',
      stage: 'asking hooks',
      reload,
      child,
      saves: false,
      failure: undefined,
      stop: undefined,
      undone: undefined
    },
    wait('ready'),
    { do: 'ask hooks', reload }
  )
}

/** Serves with nothing else to do, so that what kept a reload waiting is over. */
export function serve(server: Server, ...effects: Effect[]): Step {
  const { queued } = server
  const free: Server = { ...server, at: { name: 'serving' }, queued: undefined }
  if (queued === undefined) return [free, effects]
  const [next, more] = beginReload(free, queued)
  return [next, [...effects, ...more]]
}

/** The reload failed. This process serves, and the hooks and the service manager learn it. */
export function recover(server: Server, reload: Reload, child: ChildId, failure: Failure, ...effects: Effect[]): Step {
  const tell: Effect[] = [{ do: 'conclude', reload, child, failure }, wait('tell')]
  return go(telling(server, reload, child), { name: 'recovered', child }, ...effects, ...tell)
}

/** The hooks and the service manager learn how a reload ended. After that its callers get the answer. */
export function telling(server: Server, reload: Reload, child: ChildId): Server {
  return { ...server, telling: [...server.telling, { child, reload }] }
}

/** How a process leaves. */
interface Way {
  readonly reason: string
  readonly cause: Cause
  readonly lameDuck?: boolean
  readonly awaitsChild?: boolean
  readonly awaitsParent?: boolean
  readonly child?: ChildId | undefined
  readonly childLeads?: boolean
}

/** Leaves. Callers of a reload that has not begun learn that there will be none, unless another process makes it. */
export function leave(server: Server, way: Way, ...effects: Effect[]): Step {
  const { reason, cause, lameDuck = false, awaitsChild = false, child, childLeads = false } = way
  const awaitsParent = way.awaitsParent === true && server.parent === 'alive'
  const stage = cause === 'reloaded' ? 'telling' : lameDuck ? 'lame duck' : 'draining'
  const at: Place = {
    name: 'leaving',
    stage,
    reason,
    cause,
    failed: cause === 'error',
    awaitsChild,
    awaitsParent,
    child,
    hasSettled: false
  }
  const first: Readonly<Record<typeof stage, readonly Effect[]>> = {
    telling: [wait('tell')],
    'lame duck': [wait('stop'), wait('lame duck'), { do: 'be lame duck', reason }],
    draining: [wait('stop'), { do: 'drain', cause, reason }]
  }
  const { name } = server.at
  const isService = cause === 'asked' && server.parent === 'alive' && name !== 'successor' && name !== 'trial'
  // The process that was replaced may still finish its requests; it has less time for that now.
  const word: Effect[] = isService ? [{ do: 'tell parent', word: { type: 'stopping', reason } }] : []
  // A child on probation takes its parent along, unless it gives the service back.
  const isServiceOver = name === 'trial' && cause === 'asked'
  return [
    { ...server, at, queued: undefined },
    [
      ...effects,
      ...word,
      ...refuseQueued(server, isServiceOver, reason),
      { do: 'leave', cause, reason, child, childLeads },
      ...first[stage]
    ]
  ]
}

/** A stop that need not wait for anything. */
export function stop(server: Server, input: InputOf<'stop'>, ...effects: Effect[]): Step {
  const { reason, cause, lameDuck, awaitsParent } = input
  return leave(server, { reason, cause, lameDuck, awaitsParent }, ...effects)
}

/** Ends now. */
export function force(server: Server, reason: string, ...effects: Effect[]): Step {
  const told = server.telling.map(({ reload }): Effect => ({ do: 'answer', reload }))
  // So that a launcher does not take the end for a crash.
  const leaves: Effect = { do: 'leave', cause: 'asked', reason, child: undefined, childLeads: false }
  const isNew = server.at.name !== 'leaving' && server.launched
  return [
    { ...server, at: { name: 'closed' }, queued: undefined, elsewhere: [], telling: [] },
    [
      ...effects,
      ...told,
      ...refuseQueued(server, false, reason),
      ...unknown(server.elsewhere, reason),
      ...(isNew ? [leaves] : []),
      { do: 'cut', reason },
      { do: 'close', reason, code: 1, exits: true }
    ]
  ]
}

/**
 * Ends a process that has not served, now: its apps may never become ready, and its parent may wait for this end before
 * it accepts again. There is no work that this could cut off.
 */
export function endUnserved(server: Server, cause: 'asked' | 'error', reason: string, ...effects: Effect[]): Step {
  const code = cause === 'error' ? 1 : 0
  return [
    { ...server, at: { name: 'closed' }, queued: undefined, elsewhere: [] },
    [
      ...effects,
      ...refuseQueued(server, false, reason),
      ...unknown(server.elsewhere, reason),
      { do: 'leave', cause, reason, child: undefined, childLeads: false },
      { do: 'close', reason, code, exits: true },
      { do: 'exit', code }
    ]
  ]
}

/** The stop that came while this process waited for the child's message, as an input. */
export function asInput(given: Stop): InputOf<'stop'> {
  return { type: 'stop', awaitsParent: false, ...given }
}

/** The parent passes a stop of the service on to this child. */
export function stopOf({ reason, lameDuck }: Extract<ParentWord, { type: 'stop' }>): InputOf<'stop'> {
  return { type: 'stop', reason, cause: 'asked', lameDuck, awaitsParent: false }
}

/** The child got a stop of the service, which is the parent's stop too. */
export function stopOfChild(reason: string): InputOf<'stop'> {
  const why = `the new generation got the stop: ${reason}`
  return { type: 'stop', reason: why, cause: 'asked', lameDuck: false, awaitsParent: false }
}

/** A stop of the service counts more than the end of this process, and that more than the end of its apps. */
export function outweighs(stop: Stop, earlier: Stop): boolean {
  return isOwn(earlier.cause) && (!isOwn(stop.cause) || (earlier.cause === 'app closes' && stop.cause === 'error'))
}

/** Whether a stop means this process alone: then a child that serves goes on. */
export function isOwn(cause: Cause): boolean {
  return cause === 'error' || cause === 'app closes'
}

/** A child that this process no longer waits for. */
export function stray(server: Server, child: number): Step {
  return stay(server, { do: 'kill child', child })
}

/** Answers the callers of the reload in progress, which this process gives up for a stop. */
export function refused({ asks }: Reload, reason: string): Effect[] {
  return refuse(asks, 'stopping', reason)
}

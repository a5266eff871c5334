import type { AnyKind, Event, Plan, State } from './kind.js'
import type { Random } from './random.js'

/** One random schedule of a random system. */

export interface Run {
  readonly plan: Plan<unknown>
  readonly events: readonly Event[]
  readonly problem: string | undefined
}

/** No schedule is that long, unless two processes send messages without an end. */
const LONGEST = 3000

const CALM_AFTER = 200

export function runRandom(kind: AnyKind, machine: unknown, random: Random): Run {
  const plan = kind.planOf(random)
  const state = kind.begin(machine, plan)
  const events: Event[] = []
  let problem = kind.problemOf(state)
  while (problem === undefined) {
    const event = choose(kind, state, random)
    if (event === undefined) {
      problem = kind.problemAtRest(state) ?? nextReloadFails(kind, state)
      break
    }
    events.push(event)
    if (events.length === CALM_AFTER) kind.calm?.(state)
    happen(kind, state, event)
    problem = kind.problemOf(state) ?? (events.length > LONGEST ? 'nothing comes to rest' : undefined)
  }
  return { plan, events, problem }
}

/** Lets an event happen. */
export function happen(kind: AnyKind, state: State, event: Event): void {
  const { costs } = event
  if (costs !== undefined) state.budget = { ...state.budget, [costs]: (state.budget[costs] ?? 0) - 1 }
  state.now = Math.max(state.now, kind.dueAt(state, event) ?? 0)
  kind.happen(state, event)
}

/** Usually, a limit waits for messages that are on their way. At rest, a reload that is left begins. */
function choose(kind: AnyKind, state: State, random: Random): Event | undefined {
  const next = kind.progress(state)
  const possible = next.length === 0 || random.oneIn(kind.faultRarity) ? kind.faults(state) : []
  if (next.length === 0) {
    const reload = possible.findLast(({ act }) => act === 'reload' || act === 'supervised')
    return reload ?? (possible.length > 0 && random.oneIn(2) ? random.pick(possible) : undefined)
  }
  if (possible.length > 0) return random.pick(possible)
  const event = random.pick(next)
  return event.act === 'due' && !random.oneIn(3) ? random.pick(next) : event
}

/** If a service still serves, the next reload works, whatever has happened before. */
export function nextReloadFails(kind: AnyKind, state: State): string | undefined {
  const process = kind.reloads(state)
  if (process === undefined) return undefined
  state.budget = { reload: 1 }
  happen(kind, state, { process, act: 'reload', detail: '', costs: 'reload' })
  const index = kind.outcomesOf(state).length - 1
  const problem = settle(kind, state)
  if (problem !== undefined) return `after all, ${problem}`
  const outcome = kind.outcomesOf(state)[index]
  return outcome === 'success' ? undefined : `the next reload ends with "${outcome}"`
}

/**
 * Lets everything happen that happens by itself, and well, in the order of the clock; to its end, or until somewhere.
 */
export function settle(kind: AnyKind, state: State, isThere = (): boolean => false): string | undefined {
  for (let count = 0; count < LONGEST; count++) {
    if (isThere()) return undefined
    const event = soonest(kind, state)
    if (event === undefined) return kind.problemAtRest(state)
    happen(kind, state, event)
    const problem = kind.problemOf(state)
    if (problem !== undefined) return problem
  }
  return 'nothing comes to rest'
}

function soonest(kind: AnyKind, state: State): Event | undefined {
  let first: Event | undefined
  let firstAt = Infinity
  for (const event of kind.progress(state)) {
    const at = kind.dueAt(state, event)
    if (at === undefined) return event
    if (at < firstAt) [first, firstAt] = [event, at]
  }
  return first
}

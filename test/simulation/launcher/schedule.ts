import type { Random } from '../random.js'
import { type Event, faults, progress, timeOf } from './events.js'
import { createSystem, happen, type Machines, startSystem } from './happen.js'
import { problemAtRest, problemOf } from './invariants.js'
import { type Budget, FAULTS, type Rules } from './rules.js'
import type { System } from './system.js'

/** One random schedule of a random launcher. */

export interface Plan {
  readonly rules: Rules
  readonly budget: Budget
  /** Otherwise the first server has yet to boot. */
  readonly isBooted: boolean
}

export interface Run {
  readonly plan: Plan
  readonly events: readonly Event[]
  readonly problem: string | undefined
}

/** No schedule is that long, unless somebody talks for ever. */
const LONGEST = 3000

const CALM_AFTER = 200

/** What may go wrong in a run: up to three things, so that most of them meet a reload that is under way. */
export function planOf(random: Random): Plan {
  const budget: Record<string, number> = { reload: 1 + random.below(2) }
  for (let left = random.below(4); left > 0; left--) {
    const fault = random.pick(FAULTS)
    budget[fault] = (budget[fault] ?? 0) + 1
  }
  const rules = {
    workers: random.pick([1, 2, 2, 3]),
    timers: random.oneIn(4) ? 'any' : 'in order',
    network: random.oneIn(4) ? 'slow' : 'prompt',
    saves: random.oneIn(4)
  } as const
  return { rules, budget, isBooted: !random.oneIn(10) }
}

export function systemOf(machines: Machines, { rules, budget, isBooted }: Plan): System {
  return isBooted ? startSystem(machines, rules, budget) : createSystem(machines, rules, budget)
}

export function runRandom(machines: Machines, random: Random): Run {
  const plan = planOf(random)
  const system = systemOf(machines, plan)
  const events: Event[] = []
  let problem = problemOf(system)
  while (problem === undefined) {
    const event = choose(system, random)
    if (event === undefined) {
      problem = problemAtRest(system) ?? nextReloadFails(system)
      break
    }
    events.push(event)
    // With clocks that jump for ever, limits would end whatever boots.
    if (events.length === CALM_AFTER) system.rules = { ...system.rules, timers: 'in order', network: 'prompt' }
    happen(system, event)
    problem = problemOf(system) ?? (events.length > LONGEST ? 'nothing comes to rest' : undefined)
  }
  return { plan, events, problem }
}

/** Timers mostly wait for what is on its way. At rest, a reload that is left begins. */
function choose(system: System, random: Random): Event | undefined {
  const next = progress(system)
  const possible = next.length === 0 || random.oneIn(12) ? faults(system) : []
  if (next.length === 0) {
    const reload = possible.findLast(({ act }) => act === 'reload')
    return reload ?? (possible.length > 0 && random.oneIn(2) ? random.pick(possible) : undefined)
  }
  if (possible.length > 0) return random.pick(possible)
  const event = random.pick(next)
  return event.act === 'due' && !random.oneIn(3) ? random.pick(next) : event
}

/** Whatever has happened to a service that lives: the next reload works, and brings the new code to every worker. */
export function nextReloadFails(system: System): string | undefined {
  // A child that hangs beside its hung parent may be in the way of one more reload.
  const hung = system.processes.filter(({ isHung, life }) => isHung && life !== 'over')
  if (
    system.life !== 'runs' ||
    hung.length > 1 ||
    !system.launcher.hasServed ||
    system.launcher.workers.some(({ isOver }) => isOver)
  )
    return undefined
  system.budget = { reload: 1 } as never
  happen(system, { process: 0, act: 'reload', detail: '', costs: 'reload' })
  const number = system.callers.length
  const problem = settle(system)
  if (problem !== undefined) return `after all, ${problem}`
  const outcome = system.callers[number - 1]?.outcome
  return outcome === 'success' ? undefined : `the next reload ends with "${outcome}"`
}

/** Lets everything happen that happens by itself, and well, in the order of the clock; to its end, or until somewhere. */
export function settle(system: System, isThere = (): boolean => false): string | undefined {
  for (let count = 0; count < LONGEST; count++) {
    if (isThere()) return undefined
    const event = soonest(system, progress(system))
    if (event === undefined) return problemAtRest(system)
    happen(system, event)
    const problem = problemOf(system)
    if (problem !== undefined) return problem
  }
  return 'nothing comes to rest'
}

function soonest(system: System, events: readonly Event[]): Event | undefined {
  const isTimer = ({ act }: Event): boolean => act === 'due' || act === 'silent'
  const other = events.find((event) => !isTimer(event))
  if (other !== undefined) return other
  return events.reduce<Event | undefined>(
    (first, event) => (first && timeOf(system, first) <= timeOf(system, event) ? first : event),
    undefined
  )
}

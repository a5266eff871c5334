import { problemAtRest } from './ending.js'
import { type Event, faults, progress } from './events.js'
import { happen, startWorld } from './happen.js'
import { problemOf } from './invariants.js'
import { isWilling } from './people.js'
import type { Random } from './random.js'
import { type Budget, FAULTS, type Rules } from './rules.js'
import { createWorld, type Machine, type World } from './world.js'

/** One random schedule of a random system. */

export interface Plan {
  readonly rules: Rules
  readonly budget: Budget
  /** Otherwise the first generation has yet to boot. */
  readonly isBooted: boolean
}

export interface Run {
  readonly plan: Plan
  readonly events: readonly Event[]
  readonly problem: string | undefined
}

/** No schedule is that long, unless processes talk for ever. */
const LONGEST = 600

/** What may go wrong in a run: one to four things, of few kinds, so that most of them meet a reload that is under way. */
export function planOf(random: Random): Plan {
  const launched = random.oneIn(6)
  const budget: Record<string, number> = { reload: 1 + random.below(2) }
  if (launched) budget.supervised = 1
  for (let left = random.below(4); left > 0; left--) {
    const fault = random.pick(FAULTS)
    budget[fault] = (budget[fault] ?? 0) + 1
  }
  const rules = {
    timers: random.oneIn(3) ? 'any' : 'in order',
    network: random.oneIn(3) ? 'slow' : 'prompt',
    saves: random.oneIn(3),
    launched
  } as const
  return { rules, budget, isBooted: !random.oneIn(10) }
}

export function worldOf(machine: Machine, { rules, budget, isBooted }: Plan): World {
  return isBooted ? startWorld(machine, rules, budget) : createWorld(machine, rules, budget)
}

export function runRandom(machine: Machine, random: Random): Run {
  const plan = planOf(random)
  const world = worldOf(machine, plan)
  const events: Event[] = []
  let problem = problemOf(world)
  while (problem === undefined) {
    const event = choose(world, random)
    if (event === undefined) {
      problem = problemAtRest(world) ?? nextReloadFails(world)
      break
    }
    events.push(event)
    happen(world, event)
    problem = problemOf(world) ?? (events.length > LONGEST ? 'nothing comes to rest' : undefined)
  }
  return { plan, events, problem }
}

/** Timers mostly wait for what is on its way. At rest, a reload that is left begins. */
function choose(world: World, random: Random): Event | undefined {
  const next = progress(world)
  if (next.length === 0) {
    const possible = faults(world)
    const reload = possible.findLast(({ act }) => act === 'reload' || act === 'supervised')
    return reload ?? (possible.length > 0 && random.oneIn(2) ? random.pick(possible) : undefined)
  }
  if (random.oneIn(8)) {
    const possible = faults(world)
    if (possible.length > 0) return random.pick(possible)
  }
  const event = random.pick(next)
  return event.act === 'due' && !random.oneIn(3) ? random.pick(next) : event
}

/** Whatever has happened to a service that serves: the next reload works. */
export function nextReloadFails(world: World): string | undefined {
  const parent = world.processes.find(isWilling)
  if (parent === undefined || world.rules.launched) return undefined
  world.budget = { reload: 1 }
  happen(world, { process: parent.id, act: 'reload', detail: '', costs: 'reload' })
  const number = world.asks.length
  const problem = settle(world)
  if (problem !== undefined) return `after all, ${problem}`
  const outcome = world.asks[number - 1]?.outcome
  return outcome === 'success' ? undefined : `the next reload ends with "${outcome}"`
}

/** Lets everything happen that happens by itself, and well, in the order of the clock. */
export function settle(world: World): string | undefined {
  for (let count = 0; count < LONGEST; count++) {
    const event = soonest(world, progress(world))
    if (event === undefined) return problemAtRest(world)
    happen(world, event)
    const problem = problemOf(world)
    if (problem !== undefined) return problem
  }
  return 'nothing comes to rest'
}

function soonest(world: World, events: readonly Event[]): Event | undefined {
  const other = events.find(({ act }) => act !== 'due')
  if (other !== undefined) return other
  const at = (event: Event): number =>
    world.processes[event.process - 1]?.timers.find(({ timer }) => timer === event.detail)?.at ?? 0
  return events.reduce<Event | undefined>(
    (first, event) => (first && at(first) <= at(event) ? first : event),
    undefined
  )
}

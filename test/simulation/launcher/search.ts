import { numberOf } from '../key.js'
import { type Event, faults, progress } from './events.js'
import { happen, type Machines, startSystem } from './happen.js'
import { problemAtRest, problemOf } from './invariants.js'
import { link } from './links.js'
import type { Budget, Rules } from './rules.js'
import { copySystem, type System } from './system.js'

/** Every schedule of a small system with a launcher. */

export interface Found {
  readonly states: number
  /** The events of the first schedule that breaks an invariant. */
  readonly trace: readonly Event[]
  readonly problem: string | undefined
  /** Not all were searched. */
  readonly isCut: boolean
}

interface Frame {
  readonly system: System
  readonly events: readonly Event[]
  next: number
}

export function searchAll(machines: Machines, rules: Rules, budget: Budget, limit = 2_000_000): Found {
  const first = startSystem(machines, rules, budget)
  const seen = new Set([keyOf(first)])
  const frames: Frame[] = [frameOf(first)]
  const found = (problem: string | undefined): Found => ({
    states: seen.size,
    trace: frames.flatMap(({ events, next }) => events[next - 1] ?? []),
    problem,
    isCut: seen.size >= limit
  })
  while (frames.length > 0 && seen.size < limit) {
    const frame = frames.at(-1) as Frame
    const event = frame.events[frame.next++]
    if (event === undefined) {
      frames.pop()
      continue
    }
    const system = copySystem(frame.system, link)
    happen(system, event)
    const key = keyOf(system)
    if (seen.has(key)) continue
    seen.add(key)
    const next = frameOf(system)
    const problem = problemOf(system) ?? (progress(system).length === 0 ? problemAtRest(system) : undefined)
    if (problem !== undefined) return found(problem)
    frames.push(next)
  }
  return found(undefined)
}

/** Durations are no part of it: timers come due in the order in which they were set, or in any. */
function keyOf(system: System): number {
  const { processes, launcher, life, timers, starts, callers, isNoting, asks, budget, excuse, broken, isMixed } = system
  const known = [launcher, life, timers.map(({ timer, id }) => `${timer} ${id}`).sort(), starts, isNoting, isMixed]
  const members = processes.map((member) =>
    member.life === 'over'
      ? [member.up, member.end, member.confirmed, member.settled, member.isJoined, member.isBuried]
      : { ...member, ...NO_TIMES, timers: member.timers.map(({ timer }) => timer).sort(), works: worksOf(member) }
  )
  const asked = callers.map(({ process, ask, outcome }) => [process, ask, outcome])
  return numberOf(JSON.stringify([known, members, asked, asks, budget, excuse, broken]))
}

const NO_TIMES = { startedAt: 0, stalledAt: 0, told: 0 }

const worksOf = ({ works }: System['processes'][number]): string[] => works.map(({ name, of }) => `${name}${of}`).sort()

/** The order in which independent servers go on with their own work changes nothing that another one could see. */
function frameOf(system: System): Frame {
  return { system, events: [...progress(system), ...faults(system)], next: 0 }
}

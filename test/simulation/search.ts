import { problemAtRest } from './ending.js'
import { type Event, faults, progress } from './events.js'
import { happen, startWorld } from './happen.js'
import { problemOf } from './invariants.js'
import { keyOf } from './key.js'
import type { Budget, Rules } from './rules.js'
import { copyWorld, type Machine, type World } from './world.js'

/** Every schedule of a small system. */

export interface Found {
  readonly states: number
  /** The events of the first schedule that breaks an invariant. */
  readonly trace: readonly Event[]
  readonly problem: string | undefined
  /** Not all were searched. */
  readonly isCut: boolean
}

interface Frame {
  readonly world: World
  readonly events: readonly Event[]
  next: number
}

export function searchAll(machine: Machine, rules: Rules, budget: Budget, limit = 2_000_000): Found {
  const first = startWorld(machine, rules, budget)
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
    const world = copyWorld(frame.world)
    happen(world, event)
    const key = keyOf(world)
    if (seen.has(key)) continue
    seen.add(key)
    const problem = problemOf(world) ?? restProblem(world)
    if (problem !== undefined) return found(problem)
    frames.push(frameOf(world))
  }
  return found(undefined)
}

function restProblem(world: World): string | undefined {
  return progress(world).length === 0 ? problemAtRest(world) : undefined
}

function frameOf(world: World): Frame {
  return { world, events: [...progress(world), ...faults(world)], next: 0 }
}

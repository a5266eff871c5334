import type { AnyKind, Event, Plan, State } from './kind.js'
import { happen } from './schedule.js'

/** Every schedule of a small system. */

export interface Found {
  readonly states: number
  /** The events of the first schedule that breaks an invariant. */
  readonly events: readonly Event[]
  readonly problem: string | undefined
  /** Not all were searched. */
  readonly isCut: boolean
}

interface Frame {
  readonly state: State
  readonly events: readonly Event[]
  next: number
}

const LIMIT = 2_000_000

/** @param limit - how many states are searched at most */
export function searchAll(kind: AnyKind, machine: unknown, plan: Plan<unknown>, limit = LIMIT): Found {
  const seen = new Set<number>()
  const frames: Frame[] = []
  /** What is wrong in a state that was not seen before. */
  const visit = (state: State): string | undefined => {
    const key = numberOf(JSON.stringify(kind.essenceOf(state)))
    if (seen.has(key)) return undefined
    seen.add(key)
    const next = kind.progress(state)
    const problem = kind.problemOf(state) ?? (next.length === 0 ? kind.problemAtRest(state) : undefined)
    if (problem === undefined) frames.push({ state, events: [...next, ...kind.faults(state)], next: 0 })
    return problem
  }
  let problem = visit(kind.begin(machine, plan))
  while (problem === undefined && frames.length > 0 && seen.size < limit) {
    const frame = frames.at(-1) as Frame
    const event = frame.events[frame.next++]
    if (event === undefined) {
      frames.pop()
      continue
    }
    const state = kind.copy(frame.state)
    happen(kind, state, event)
    problem = visit(state)
  }
  const events = frames.flatMap(({ events, next }) => events[next - 1] ?? [])
  return { states: seen.size, events, problem, isCut: seen.size >= limit }
}

/**
 * A number for each text: cyrb53, by bryc, in the public domain. 53 bits: two of a million meet once in ten thousand
 * runs.
 */
function numberOf(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}

import { happen, type Machines, startSystem } from './happen.js'
import { problemOf } from './invariants.js'
import { nextReloadFails, settle } from './schedule.js'
import { findEvent, PLENTY, placesOf } from './trace.js'

/** A named schedule of a launcher: what happened once, or must never happen. */
export interface Story {
  readonly title: string
  readonly workers: number
  /**
   * One line for each event. `... until LINE` lets everything happen, in the order of the clock, until that line can be the next
   * one, and lets it happen. What comes after the last line is not told.
   */
  readonly lines: readonly string[]
  /** How each reload that was asked of the launcher ends. */
  readonly asks?: ReadonlyArray<'success' | 'failure'>
  /** The release that every worker has in the end; undefined: no server is left. */
  readonly release: number | undefined
}

/** What is wrong with a story, or nothing. */
export function problemOfStory(machines: Machines, { workers, lines, asks, release }: Story): string | undefined {
  const rules = { workers, timers: 'in order', network: 'prompt', saves: false } as const
  const system = startSystem(machines, rules, PLENTY)
  for (const line of lines) {
    const problem = line.startsWith('... until ') ? goOn(system, line.slice(10)) : take(system, line)
    if (problem !== undefined) return problem
  }
  system.budget = {}
  const problem = settle(system)
  if (problem !== undefined) return problem
  const outcomes = system.callers.map(({ outcome }) => outcome)
  if (asks !== undefined && JSON.stringify(outcomes) !== JSON.stringify(asks)) return `the asks end with ${outcomes}`
  const left = system.processes.filter(({ life, isHung }) => life !== 'over' && !isHung)
  const releases = left.map((one) => one.release)
  const wanted = release === undefined ? [] : Array.from({ length: workers }, () => release)
  if (JSON.stringify(releases) !== JSON.stringify(wanted)) return `the releases are ${releases}`
  return nextReloadFails(system)
}

type System = ReturnType<typeof startSystem>

function take(system: System, line: string): string | undefined {
  const event = findEvent(system, line)
  if (event === undefined) return `"${line}" cannot happen: ${placesOf(system)}`
  happen(system, event)
  return problemOf(system)
}

/** Until this is what comes next, in the order of the clock. */
function goOn(system: System, line: string): string | undefined {
  const { budget } = system
  let isThere = false
  const problem = settle(system, () => {
    isThere = findEvent(system, line) !== undefined
    return isThere
  })
  system.budget = budget
  return isThere ? take(system, line) : (problem ?? `"${line}" never comes: ${placesOf(system)}`)
}

import { describe } from '../invariants.js'
import { shortest } from '../trace.js'
import { type Event, faults, progress } from './events.js'
import { happen, type Machines } from './happen.js'
import { problemOf } from './invariants.js'
import { type Budget, FAULTS } from './rules.js'
import { nextReloadFails, type Plan, type Run, settle, systemOf } from './schedule.js'
import type { System } from './system.js'

/** Schedules of a launcher as text: one line for each thing that happens, as in `0 hears 2` or `2 work load: loaded`. */

export const lineOf = ({ process, act, detail }: Event): string =>
  `${process} ${act}${detail === '' ? '' : ` ${detail}`}`

/** What a line means in this system, or undefined when it cannot happen now. */
export function findEvent(system: System, line: string): Event | undefined {
  return [...progress(system), ...faults(system)].find((event) => lineOf(event) === line)
}

/** Whatever a schedule needs of faults: the lines say which. */
export const PLENTY: Budget = Object.fromEntries(FAULTS.map((fault) => [fault, 9]))

/** Runs the lines that can happen, then lets the system come to rest; undefined when nothing is wrong. */
export function problemOfLines(machines: Machines, plan: Plan, lines: readonly string[]): string | undefined {
  const system = systemOf(machines, { ...plan, budget: PLENTY })
  for (const line of lines) {
    const event = findEvent(system, line)
    if (event === undefined) continue
    happen(system, event)
    const problem = problemOf(system)
    if (problem !== undefined) return problem
  }
  system.budget = {}
  return settle(system) ?? nextReloadFails(system)
}

/** A failing run for people: what happened, where everybody was then, and what is wrong. */
export function explain(machines: Machines, run: Run): string {
  const { plan, events, problem } = run
  const lines = shortest(events.map(lineOf), (some) => problemOfLines(machines, plan, some) !== undefined)
  const system = systemOf(machines, { ...plan, budget: PLENTY })
  const told = lines.flatMap((line) => {
    const event = findEvent(system, line)
    if (event === undefined || system.broken !== undefined) return []
    happen(system, event)
    return `  '${line}', // ${placesOf(system)}`
  })
  return [problemOfLines(machines, plan, lines) ?? problem, JSON.stringify(plan), ...told].join('\n')
}

/** Where everybody is. */
export function placesOf({ launcher, processes }: System): string {
  const roll = launcher.roll && `${launcher.roll.stage}: ${launcher.roll.shares.map(({ stage }) => stage).join(', ')}`
  const servers = processes.flatMap(({ id, life, server }) => (life === 'over' ? [] : `${id}: ${describe(server.at)}`))
  return [roll ?? launcher.phase, ...servers].join('; ')
}

import { type Event, faults, progress } from './events.js'
import { happen } from './happen.js'
import { describe, problemOf } from './invariants.js'
import { type Budget, FAULTS } from './rules.js'
import { nextReloadFails, type Plan, type Run, settle, worldOf } from './schedule.js'
import type { Machine, World } from './world.js'

/** Schedules as text: one line for each thing that happens, as in `1 hears 2` or `2 work load: loaded`. */

export const lineOf = ({ process, act, detail }: Event): string =>
  `${process} ${act}${detail === '' ? '' : ` ${detail}`}`

/** What a line means in this world, or undefined when it cannot happen now. */
export function findEvent(world: World, line: string): Event | undefined {
  return [...progress(world), ...faults(world)].find((event) => lineOf(event) === line)
}

/** Whatever a schedule needs of faults: the lines say which. */
export const PLENTY: Budget = Object.fromEntries(FAULTS.map((fault) => [fault, 9]))

/** Runs the lines that can happen, then lets the world come to rest; undefined when nothing is wrong. */
export function problemOfLines(machine: Machine, plan: Plan, lines: readonly string[]): string | undefined {
  const world = worldOf(machine, { ...plan, budget: PLENTY })
  for (const line of lines) {
    const event = findEvent(world, line)
    if (event === undefined) continue
    happen(world, event)
    const problem = problemOf(world)
    if (problem !== undefined) return problem
  }
  world.budget = {}
  return settle(world) ?? nextReloadFails(world)
}

/** The shortest part of a failing run that fails still, by leaving out ever smaller pieces. */
export function shrink(machine: Machine, run: Run): readonly string[] {
  return shortest(run.events.map(lineOf), (lines) => problemOfLines(machine, run.plan, lines) !== undefined)
}

/** The shortest part of these lines that still fails, as far as leaving out pieces finds it. */
export function shortest(all: readonly string[], fails: (lines: readonly string[]) => boolean): readonly string[] {
  let lines = all
  if (!fails(lines)) return lines
  for (let size = Math.ceil(lines.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < lines.length; ) {
      const shorter = [...lines.slice(0, from), ...lines.slice(from + size)]
      if (fails(shorter)) lines = shorter
      else from += size
    }
  }
  return lines
}

/** A failing run for people: what happened, where everybody was then, and what is wrong. The lines can be pasted into a story. */
export function explain(machine: Machine, run: Run): string {
  const lines = shrink(machine, run)
  const world = worldOf(machine, { ...run.plan, budget: PLENTY })
  const told = lines.flatMap((line) => {
    const event = findEvent(world, line)
    if (event === undefined || world.broken !== undefined) return []
    happen(world, event)
    return `  '${line}', // ${world.processes.map((process) => `${process.id}: ${describe(process.server.at)}`).join('; ')}`
  })
  const problem = problemOfLines(machine, run.plan, lines) ?? run.problem
  return [`${problem}`, JSON.stringify(run.plan), ...told].join('\n')
}

import { type AnyKind, type Event, type Plan, plentyOf, type State } from './kind.js'
import { happen, nextReloadFails, type Run, settle } from './schedule.js'

/** Schedules as text: one line for each thing that happens, as in `1 hears 2` or `2 work load: loaded`. */

export const lineOf = ({ process, act, detail }: Event): string =>
  `${process} ${act}${detail === '' ? '' : ` ${detail}`}`

/** What a line means in this state, or undefined when it cannot happen now. */
export function findEvent(kind: AnyKind, state: State, line: string): Event | undefined {
  return [...kind.progress(state), ...kind.faults(state)].find((event) => lineOf(event) === line)
}

/** Runs the lines that can happen, then lets the system come to rest. Returns undefined if nothing is wrong. */
export function problemOfLines(
  kind: AnyKind,
  machine: unknown,
  plan: Plan<unknown>,
  lines: readonly string[]
): string | undefined {
  const state = kind.begin(machine, { ...plan, budget: plentyOf(kind) })
  for (const line of lines) {
    const event = findEvent(kind, state, line)
    if (event === undefined) continue
    happen(kind, state, event)
    const problem = kind.problemOf(state)
    if (problem !== undefined) return problem
  }
  state.budget = {}
  return settle(kind, state) ?? nextReloadFails(kind, state)
}

/** The shortest part of these lines that still fails, as far as leaving out ever smaller pieces finds it. */
function shortest(all: readonly string[], fails: (lines: readonly string[]) => boolean): readonly string[] {
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

/**
 * A failing run for people: what happened, where everybody was then, and what is wrong. The lines can be pasted into a
 * story.
 */
export function explain(kind: AnyKind, machine: unknown, run: Run): string {
  const { plan, events } = run
  const problemOf = (lines: readonly string[]) => problemOfLines(kind, machine, plan, lines)
  const lines = shortest(events.map(lineOf), (some) => problemOf(some) !== undefined)
  const state = kind.begin(machine, { ...plan, budget: plentyOf(kind) })
  const told = lines.flatMap((line) => {
    const event = findEvent(kind, state, line)
    if (event === undefined || kind.problemOf(state) !== undefined) return []
    happen(kind, state, event)
    return `  '${line}', // ${kind.placesOf(state)}`
  })
  return [problemOf(lines) ?? run.problem, JSON.stringify(plan), ...told].join('\n')
}

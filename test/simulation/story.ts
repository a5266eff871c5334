import { type AnyKind, planWith, plentyOf, type State } from './kind.js'
import { happen, nextReloadFails, settle } from './schedule.js'
import { findEvent } from './trace.js'

/** A named schedule: what happened once, or must never happen. */

export interface Story<R> {
  readonly title: string
  readonly rules?: Partial<R>
  /**
   * One line for each event, as `npm run simulate` prints them. `... until LINE` lets everything happen, in the order
   * of the clock, until that line can be the next one, and lets it happen. Events that happen by themselves after the
   * last line are left out.
   */
  readonly lines: readonly string[]
  /** The processes that serve in the end. */
  readonly serves: readonly number[]
  /** The answer to each request; undefined: the process that was asked ended first. */
  readonly asks?: ReadonlyArray<string | undefined>
}

const UNTIL = '... until '

/** What is wrong with a story, or nothing. */
export function problemOfStory(
  kind: AnyKind,
  machine: unknown,
  { rules, lines, serves, asks }: Story<unknown>
): string | undefined {
  const state = kind.begin(machine, planWith(kind, rules, plentyOf(kind)))
  for (const line of lines) {
    const problem = line.startsWith(UNTIL) ? goOn(kind, state, line.slice(UNTIL.length)) : take(kind, state, line)
    if (problem !== undefined) return problem
  }
  state.budget = {}
  return (
    settle(kind, state) ??
    differs('the asks end with', kind.outcomesOf(state), asks) ??
    differs('in the end serves', kind.servesOf(state), serves) ??
    nextReloadFails(kind, state)
  )
}

function take(kind: AnyKind, state: State, line: string): string | undefined {
  const event = findEvent(kind, state, line)
  if (event === undefined) return `"${line}" cannot happen: ${kind.placesOf(state)}`
  happen(kind, state, event)
  return kind.problemOf(state)
}

/** Lets events happen, in the order of the clock, until this one is the next. */
function goOn(kind: AnyKind, state: State, line: string): string | undefined {
  let isThere = false
  const problem = settle(kind, state, () => {
    isThere = findEvent(kind, state, line) !== undefined
    return isThere
  })
  return isThere ? take(kind, state, line) : (problem ?? `"${line}" never comes: ${kind.placesOf(state)}`)
}

function differs(what: string, is: readonly unknown[], wanted: readonly unknown[] | undefined): string | undefined {
  const isRight = wanted === undefined || JSON.stringify(is) === JSON.stringify(wanted)
  return isRight ? undefined : `${what} ${is.join(', ')}`
}

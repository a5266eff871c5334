import type { Mistake } from './mistakes.js'
import type { Random } from './random.js'
import type { Story } from './story.js'

/** What every kind of system has to offer, so that it can be simulated. */

/** One thing that can happen to one process; `act` and `detail` together are a line of a trace. */
export interface Event {
  readonly process: number
  readonly act: string
  readonly detail: string
  /** What of the budget it uses up. */
  readonly costs: string | undefined
}

/** How often each fault may still happen. */
export type Budget = Readonly<Record<string, number>>

/** What every system has. */
export interface State {
  budget: Budget
  now: number
}

/** How a run begins. */
export interface Plan<R> {
  readonly rules: R
  readonly budget: Budget
  /** Otherwise the first process that serves has still to boot. */
  readonly isBooted: boolean
}

/** A small system. Every schedule of it is searched. */
export interface Search<R> {
  readonly title: string
  /** Those that are not the usual ones. */
  readonly rules: Partial<R>
  readonly budget: Budget
  /** It is small, and finds most mistakes. */
  readonly isQuick: boolean
}

/**
 * `M`: the machines that are put to the test. `R`: what differs from one system of this kind to the next. `S`: such a
 * system.
 */
export interface Kind<M, R, S extends State> {
  readonly name: string
  /** The right one. */
  readonly machine: M
  readonly stories: ReadonlyArray<Story<R>>
  readonly searches: ReadonlyArray<Search<R>>
  readonly mistakes: ReadonlyArray<Mistake<M>>
  /** How many random schedules are enough for a mutant, for a test, and for `npm run simulate`. */
  readonly runs: { readonly judge: number; readonly test: number; readonly simulate: number }
  /**
   * The limits that random schedules must meet, or they prove nothing about them: `0 due turn`, or of any other
   * process `n due ready`.
   */
  readonly limits: readonly string[]
  /** To this, `npm run simulate -- all` adds two faults. */
  readonly pairs: Pick<Search<R>, 'rules' | 'budget'>
  /** What the outside may do, as a budget counts it. */
  readonly faultNames: readonly string[]
  /** In a random schedule, one of so many events is a fault. */
  readonly faultRarity: number
  /** The rules of stories and searches that name no others. */
  readonly usual: R
  planOf(random: Random): Plan<R>
  begin(machine: M, plan: Plan<R>): S
  /** A copy that can go another way. */
  copy(state: S): S
  /** What makes a state different from others; durations are no part of it. */
  essenceOf(state: S): unknown
  /** The events that happen by themselves sooner or later. Without such an event, the system is at rest. */
  progress(state: S): Event[]
  /** What else may happen, as far as the budget goes. */
  faults(state: S): Event[]
  /** When a limit is over; undefined: this is no limit. */
  dueAt(state: S, event: Event): number | undefined
  happen(state: S, event: Event): void
  /** Ends everything that could keep a system busy without an end. */
  calm?(state: S): void
  /** What is wrong at this moment, or nothing. */
  problemOf(state: S): string | undefined
  /** What is wrong if nothing more happens, or nothing. */
  problemAtRest(state: S): string | undefined
  /** The processes from which the next reload can be requested. */
  reloads(state: S): number | undefined
  /** How the reloads ended that somebody outside has asked for. */
  outcomesOf(state: S): ReadonlyArray<string | undefined>
  /** The processes that serve, by numbers that a story can name. */
  servesOf(state: S): readonly number[]
  /** Where everybody is, for people. */
  placesOf(state: S): string
}

/** Any kind: only the kind itself knows the types of its machines and states. */
export type AnyKind = Kind<unknown, unknown, State>

/** Adds what can happen to one process, at the same cost. */
export function adder<E extends Event>(events: E[], process: number, costs?: E['costs']) {
  return (act: E['act'], detail: string | number = ''): void => {
    events.push({ process, act, detail: String(detail), costs } as E)
  }
}

/** The reloads, and up to three faults: so few that most of them hit a reload in progress. */
export function budgetOf(random: Random, faults: readonly string[], more: Budget = {}): Budget {
  const budget: Record<string, number> = { reload: 1 + random.below(2), ...more }
  for (let left = random.below(4); left > 0; left--) {
    const fault = random.pick(faults)
    budget[fault] = (budget[fault] ?? 0) + 1
  }
  return budget
}

/** The plan of a story or of a search. */
export function planWith(kind: AnyKind, rules: unknown, budget: Budget): Plan<unknown> {
  return { rules: Object.assign({}, kind.usual, rules), budget, isBooted: true }
}

/** As many faults as a schedule needs. Its lines say which. */
export function plentyOf({ faultNames }: AnyKind): Budget {
  return Object.fromEntries(faultNames.map((fault) => [fault, 9]))
}

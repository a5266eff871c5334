/**
 * Whether the child of a reload is well, as its parent judges while it may still take over again: the child answers
 * questions, and does not fail more requests than the parent did. Pure, like `server.ts`: the host knows how long each
 * wait is.
 */

/** Requests that were answered, and how many of them with a status of 500 or more. */
export interface Count {
  readonly answers: number
  readonly errors: number
}

/**
 * What a process has answered. The first request of a connection counts separately: after a handoff, new connections
 * come before those that move. A client that opens one for each request, as a probe or a script does, may always have
 * failed.
 */
export interface Answers {
  readonly first: Count
  readonly later: Count
}

/** When a child counts as worse than its parent. */
export interface Tolerance {
  /** By how much its share of errors may be larger, from 0 to 1. */
  readonly errorShare: number
  /** How many answers there must be. */
  readonly leastAnswers: number
}

export interface Watch {
  /** How often in a row the child has been asked and has not answered. */
  readonly asked: number
  /** The reports of the child, the oldest first. */
  readonly told: readonly Answers[]
}

export type WatchInput =
  | { readonly type: 'due' }
  /** What child and parent have answered so far. */
  | { readonly type: 'reported'; readonly child: Answers; readonly parent: Answers }

export type WatchEffect =
  | { readonly do: 'ask' }
  | { readonly do: 'wait'; readonly for: 'next look' | 'answer' }
  | { readonly do: 'judge'; readonly verdict: Verdict }

/** Why a child is rolled back. */
export type Verdict = { readonly kind: 'silent' } | { readonly kind: 'errors'; readonly how: string }

/** How many of the last reports count together: those of a second, if the host asks five times in a second. */
const WINDOW = 5

/** How many reports are kept: a minute, at that pace. Older ones say nothing about the child as it is now. */
const KEPT = 300

/** By how many standard deviations two shares must differ not to be chance. */
const CHANCE = 4

export function beginWatch(): [Watch, readonly WatchEffect[]] {
  return [{ asked: 0, told: [NOTHING] }, [{ do: 'wait', for: 'next look' }]]
}

const NONE: Count = { answers: 0, errors: 0 }
export const NOTHING: Answers = { first: NONE, later: NONE }

export function watch(at: Watch, input: WatchInput, tolerance: Tolerance): [Watch, readonly WatchEffect[]] {
  if (input.type === 'due') return look(at)
  const told = [...at.told.slice(1 - KEPT), input.child]
  const how = complaintOf(told, input.parent, tolerance)
  const next: WatchEffect =
    how === undefined ? { do: 'wait', for: 'next look' } : { do: 'judge', verdict: { kind: 'errors', how } }
  return [{ asked: 0, told }, [next]]
}

/**
 * The parent asks a child twice: if the whole computer stood still, the first question came too late for an answer in
 * time.
 */
function look(at: Watch): [Watch, readonly WatchEffect[]] {
  if (at.asked === 2) return [at, [{ do: 'judge', verdict: { kind: 'silent' } }]]
  return [{ ...at, asked: at.asked + 1 }, [{ do: 'ask' }, { do: 'wait', for: 'answer' }]]
}

function complaintOf(told: readonly Answers[], parent: Answers, tolerance: Tolerance): string | undefined {
  for (const kind of ['first', 'later'] as const) {
    const counts = told.map((answers) => answers[kind])
    const like = parent[kind].answers > 0 ? parent[kind] : total(parent)
    const lately = latest(counts, tolerance.leastAnswers, like.answers > 0)
    if (lately !== undefined && isWorse(lately, like, tolerance)) return describe(lately, like)
  }
  return undefined
}

/**
 * The latest answers: those of the last second, or of longer if these are too few to judge. But only if the parent has
 * answered anything: with so few requests, the parent might have failed in the same way, had it lived a little longer.
 */
function latest(counts: readonly Count[], least: number, isParentKnown: boolean): Count | undefined {
  const last = counts.at(-1) as Count
  const [first, second] = [counts[0] as Count, counts.at(-1 - WINDOW) ?? (counts[0] as Count)]
  const earlier = counts.findLast(
    (count, index) => counts.length - index > WINDOW && last.answers - count.answers >= least
  )
  const since = isParentKnown ? (earlier ?? first) : second
  const lately = { answers: last.answers - since.answers, errors: last.errors - since.errors }
  return lately.answers >= least ? lately : undefined
}

/**
 * Whether the share of errors has grown by more than is tolerated, and by more than chance explains: the two shares are
 * compared by their pooled standard deviation. If the parent has answered little, little is known about it, so one good
 * answer is added to its own.
 */
function isWorse(child: Count, parent: Count, { errorShare }: Tolerance): boolean {
  const known = parent.answers + 1
  const excess = child.errors / child.answers - parent.errors / known
  const pooled = (child.errors + parent.errors) / (child.answers + known)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / child.answers + 1 / known))
  return excess > errorShare && excess > CHANCE * deviation
}

function describe(child: Count, parent: Count): string {
  const of = ({ errors, answers }: Count): string => `${errors} of ${answers}`
  return `answered ${of(child)} requests with a status of 500 or more (its parent: ${of(parent)})`
}

/** All that a process has answered. */
export function total({ first, later }: Answers): Count {
  return { answers: first.answers + later.answers, errors: first.errors + later.errors }
}

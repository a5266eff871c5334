/**
 * Whether the child of a reload is well, as its parent sees it while it may still take the service back: the child answers questions,
 * and does not fail more requests than the parent did. Pure, as `server.ts` is: how long it waits is for the host to know.
 */

/** Requests that were answered, and how many of them with a status of 500 or more. */
export interface Count {
  readonly answers: number
  readonly errors: number
}

/**
 * What a process has answered. The first request of a connection counts apart: after a handoff there are new connections before those
 * that move, and who opens one for each request, as a probe or a script does, may always have failed.
 */
export interface Answers {
  readonly first: Count
  readonly later: Count
}

/** From when on a child answers worse than its parent. */
export interface Tolerance {
  /** By how much its share of errors may be larger, from 0 to 1. */
  readonly errorShare: number
  /** How many answers there must be. */
  readonly leastAnswers: number
}

export interface Watch {
  /** How often in a row the child has been asked and has not answered. */
  readonly asked: number
  /** What the child had answered each time it told, the oldest first. */
  readonly told: readonly Answers[]
}

export type WatchInput =
  | { readonly type: 'due' }
  /** What child and parent have answered so far. */
  | { readonly type: 'told'; readonly child: Answers; readonly parent: Answers }

export type WatchEffect =
  | { readonly do: 'ask' }
  | { readonly do: 'wait'; readonly for: 'next look' | 'answer' }
  | { readonly do: 'judge'; readonly verdict: Verdict }

/** Why a child is taken back. */
export type Verdict = { readonly kind: 'silent' } | { readonly kind: 'errors'; readonly how: string }

/** The last of what a child has told that count together: a second, if the host looks five times in one. */
const WINDOW = 5

/** How many of them are kept: what was longer ago, a minute at that pace, says nothing of the child as it is. */
const KEPT = 300

/** By how many standard deviations two shares must differ to be no chance. */
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

/** A child is asked twice: when the whole machine has stood still, the first question came too late to be answered in time. */
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
 * What was answered lately: a second back, and further if that is not enough to judge by. But not where nothing is known of the
 * parent: who asks so seldom may have met it as it was, had it lived a little longer.
 */
function latest(counts: readonly Count[], least: number, isParentKnown: boolean): Count | undefined {
  const last = counts.at(-1) as Count
  const [first, second] = [counts[0] as Count, counts.at(-1 - WINDOW) ?? (counts[0] as Count)]
  const earlier = counts
    .slice(0, -1)
    .findLast((count, index) => counts.length - 1 - index >= WINDOW && last.answers - count.answers >= least)
  const since = isParentKnown ? (earlier ?? first) : second
  const lately = { answers: last.answers - since.answers, errors: last.errors - since.errors }
  return lately.answers >= least ? lately : undefined
}

/**
 * Whether the share of errors has grown by more than is tolerated, and by more than chance would have it: two shares compared by their
 * pooled standard deviation. Of a parent that has answered little, little is known: one good answer is added to its own.
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

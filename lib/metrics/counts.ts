/** What is counted of connections and of work that was ended by force. Nothing of it ever gets less. */
export interface Counts {
  /** Connections that clients have opened. One that moves from process to process has been opened once. */
  opened: number
  /** Connections that have ended: by the client, by the server, or with their process. One that has moved goes on. */
  closed: number
  /** How often a connection has moved to another generation, or back from one that was taken back. */
  moved: number
  /** Requests, and holds, that a drain has ended by force. */
  forcedRequests: number
  forcedHolds: number
}

const NONE: Counts = { opened: 0, closed: 0, moved: 0, forcedRequests: 0, forcedHolds: 0 }

/** The names of all counts. */
export const COUNTS = Object.keys(NONE) as ReadonlyArray<keyof Counts>

/** Nothing has been counted yet. */
export function noCounts(): Counts {
  return { ...NONE }
}

/** All of them together. */
export function sum(...all: ReadonlyArray<Readonly<Counts>>): Counts {
  return merge(all, (one, other) => one + other)
}

/** What has been counted since. */
export function difference(now: Readonly<Counts>, then: Readonly<Counts>): Counts {
  return merge([now, then], (one, other) => Math.max(one - other, 0))
}

/** What is known for certain of two reports of the same process, whichever came first. */
export function latest(one: Readonly<Counts>, other: Readonly<Counts>): Counts {
  return merge([one, other], Math.max)
}

function merge(all: ReadonlyArray<Readonly<Counts>>, how: (one: number, other: number) => number): Counts {
  const [first = NONE, ...others] = all
  const result = { ...first }
  for (const counts of others) for (const name of COUNTS) result[name] = how(result[name], counts[name])
  return result
}

/** How far a migration has come. */
export interface Progress {
  /** Since the first connection. Milliseconds. */
  readonly elapsed: number
  /** Within which time all are to move. Milliseconds; 0: all may move at once. */
  readonly duration: number
  readonly total: number
  readonly migrated: number
  readonly onItsWay: number
  /** How long the other process took for each of the last ones. Milliseconds. */
  readonly roundTrip: number
}

/**
 * How many connections at most are on their way together, and for how long. Meanwhile, as many wait for their turn with
 * reading stopped: none waits for longer than two groups take. Milliseconds.
 */
const MOST_HELD = 8
export const LONGEST_HOLD = 1

/**
 * The part of the duration after which all are to have moved, and the part of that in which the pace grows to what it
 * then stays.
 */
const SPREAD = 0.9
const START = 0.25

/** The shortest wait between two groups, so that connections gather. Milliseconds. */
const LEAST_PAUSE = 10
/** How often to look for what has fallen idle without a response. Milliseconds. */
const LOOK_INTERVAL = 50

/** How many connections may wait for their turn now, with reading stopped. */
export function mostHeld(progress: Progress): number {
  const { elapsed, migrated, onItsWay, roundTrip } = progress
  const most = Math.max(1, Math.min(MOST_HELD, LONGEST_HOLD / roundTrip))
  return Math.min(Math.floor(most), allowance(progress, elapsed) - migrated - onItsWay)
}

/** How long to wait before the next look for connections that are idle. Milliseconds. */
export function nextLook(progress: Progress): number {
  const turn = nextTurn(progress) - progress.elapsed
  // At intervals, for those that were not idle at their turn.
  return turn > 0 ? Math.min(Math.max(turn, LEAST_PAUSE), LOOK_INTERVAL) : LOOK_INTERVAL
}

/** When the next connection may move, on the clock of `elapsed`; in the past, if one may now. Milliseconds. */
export function nextTurn({ duration, total, migrated, onItsWay }: Progress): number {
  const share = (migrated + onItsWay) / Math.max(total, 1)
  return share >= 1 ? duration * SPREAD : duration * SPREAD * timeOf(share)
}

/**
 * How many connections may have moved by now: few at first, then evenly, and in the end all, those included that have
 * come since.
 */
function allowance({ duration, total }: Progress, elapsed: number): number {
  const time = duration === 0 ? 1 : elapsed / (duration * SPREAD)
  return time >= 1 ? Number.POSITIVE_INFINITY : Math.floor(total * shareAt(time)) + 1
}

/**
 * Which share of all has moved at which part of the time: its growth is steady up to `START`, and then the same to the
 * end.
 */
function shareAt(time: number): number {
  return time < START ? time ** 2 / (START * (2 - START)) : (2 * time - START) / (2 - START)
}

function timeOf(share: number): number {
  const early = Math.sqrt(share * START * (2 - START))
  return early < START ? early : (share * (2 - START) + START) / 2
}

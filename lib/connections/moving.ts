import type { Socket } from 'node:net'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { Connections } from './tracker.js'

/** The connections of one listener, with the index under which the child knows it. */
export interface MovingGroup {
  readonly index: number
  readonly connections: Connections
}

/** A connection that could move now. */
export interface Candidate {
  readonly group: MovingGroup
  readonly socket: Socket
  readonly handle: ConnectionHandle
  /** How much had been read from it when it was found. */
  readonly bytesRead: number
}

/** How far a migration has come. */
export interface Progress {
  /** Since the first connection. Milliseconds. */
  readonly elapsed: number
  /** Within which time all are to move. Milliseconds; 0: all may move at once. */
  readonly duration: number
  readonly total: number
  readonly migrated: number
  readonly onItsWay: number
  /** How long the child took for the last one. Milliseconds. */
  readonly roundTrip: number
}

/** How many connections at most wait for their turn with reading stopped, and for how long in all. Milliseconds. */
const MOST_HELD = 16
export const LONGEST_HOLD = 10

/** The part of the duration over which the batches are spread; the last one, half of all, takes the rest. */
const SPREAD = 2 / 3

/** How many connections may wait for their turn now, with reading stopped. */
export function mostHeld({ elapsed, duration, total, migrated, onItsWay, roundTrip }: Progress): number {
  const most = Math.max(1, Math.min(MOST_HELD, LONGEST_HOLD / roundTrip))
  return Math.min(Math.floor(most), allowance(elapsed, duration, total) - migrated - onItsWay)
}

/** How many of all connections may have moved by now: 1, 3, 7, …, as one, two, four, … follow each other; in the end all. */
function allowance(elapsed: number, duration: number, total: number): number {
  const batches = Math.ceil(Math.log2(total + 1))
  const step = (duration * SPREAD) / Math.max(batches, 1)
  return elapsed >= step * (batches - 1) ? Number.POSITIVE_INFINITY : 2 ** (Math.floor(elapsed / step) + 1) - 1
}

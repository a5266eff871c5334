import type { Socket } from 'node:net'
import type { ConnectionHandle } from '../internals/connection-handle.js'
import type { OpenConnections } from './open-connections.js'

/** The connections of one listener, with the index under which the child knows it. */
export interface MovingGroup {
  readonly index: number
  readonly connections: OpenConnections
}

/** A connection that could move now. */
export interface Candidate {
  readonly group: MovingGroup
  readonly socket: Socket
  readonly handle: ConnectionHandle
  /** How much had been read from it when it was found. */
  readonly bytesRead: number
}

/** The part of the duration over which the batches are spread; the last one, half of all, takes the rest. */
const SPREAD = 2 / 3

/**
 * How many of all connections may have moved by now: 1, 3, 7, …, as one, two, four, … follow each other; in the end all.
 *
 * @param elapsed - milliseconds since the first one
 * @param duration - milliseconds; 0: all may move at once
 */
export function allowance(elapsed: number, duration: number, total: number): number {
  const batches = Math.ceil(Math.log2(total + 1))
  const step = (duration * SPREAD) / Math.max(batches, 1)
  return elapsed >= step * (batches - 1) ? Number.POSITIVE_INFINITY : 2 ** (Math.floor(elapsed / step) + 1) - 1
}

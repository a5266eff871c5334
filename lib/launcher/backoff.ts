/**
 * The pause before the second of several restarts, and the longest one. Milliseconds. The first one is made at once.
 */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000

/** Pauses are shorter by up to this part of them, so that workers which crash together do not start together. */
const JITTER = 0.2

/**
 * How long to wait before a server is started again.
 *
 * @param crashes - how many servers in a row have crashed soon after their start, this one included
 * @param random - from 0 to 1
 * @returns milliseconds
 */
export function restartPause(crashes: number, random: number): number {
  if (crashes <= 1) return 0
  const pause = Math.min(FIRST_PAUSE * 2 ** (crashes - 2), LONGEST_PAUSE)
  return Math.round(pause * (1 - JITTER * random))
}

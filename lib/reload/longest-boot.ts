/** How long a child may take at most, however long it says that it may. Milliseconds. */
export const LONGEST_BOOT = 600_000

/**
 * How long a process that boots may take: the limit of the process that started it, or its own, if that is longer.
 * Milliseconds.
 *
 * @param reported - what it has said; 0: nothing yet
 */
export function bootTime(expected: number, reported: number): number {
  return Math.max(expected, Math.min(reported, LONGEST_BOOT))
}

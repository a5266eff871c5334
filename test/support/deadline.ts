import { setTimeout as pause } from 'node:timers/promises'

/** By how much a deadline is outlasted: more than a process is late with its timers on a busy machine. Milliseconds. */
const MARGIN = 500

/**
 * Lets a deadline pass, for a story about something that outlasts it. There is no event for something that has not
 * happened by then.
 *
 * @param duration - until the deadline, in milliseconds
 */
export async function outlast(duration: number): Promise<void> {
  await pause(duration + MARGIN)
}

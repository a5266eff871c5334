import type { Timer } from '../../../lib/protocol/server.js'

/** How long the limits of a simulated server are. Milliseconds. */
export const DURATIONS: Readonly<Record<Timer, number>> = {
  ready: 30_000,
  probation: 3000,
  confirm: 5000,
  undo: 1000,
  kill: 5000,
  end: 27_000,
  tell: 35_000,
  claims: 1000,
  boot: 30_000,
  word: 40_000,
  load: 30_000,
  check: 2000,
  settle: 10_000,
  'give back': 2000,
  'lame duck': 4000,
  stop: 30_000
}

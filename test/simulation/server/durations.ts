import type { Timer } from '../../../lib/protocol/server.js'
import type { Rules } from './rules.js'

/** How long the limits of a simulated server are that no app sets. Milliseconds. */
const DURATIONS: Readonly<Record<Exclude<Timer, 'tell' | 'stop'>, number>> = {
  ready: 30_000,
  probation: 3000,
  confirm: 5000,
  undo: 1000,
  kill: 5000,
  end: 27_000,
  claims: 1000,
  boot: 30_000,
  word: 40_000,
  load: 30_000,
  check: 2000,
  settle: 10_000,
  'give back': 2000,
  'lame duck': 4000
}

/** What the hooks and the service manager may take beyond a drain. Milliseconds. */
const TELL_SLACK = 10_000

/** What a stop may take beyond its drain: a lame duck, and apps that close. Milliseconds. */
const STOP_SLACK = 5000

/** How long a server may drain: as long as the app that needs longest. Milliseconds. */
export const longestDrain = ({ apps }: Rules): number => Math.max(...apps)

/** How long a limit is. Milliseconds. */
export function durationOf(timer: Timer, rules: Rules): number {
  if (timer === 'tell') return longestDrain(rules) + TELL_SLACK
  return timer === 'stop' ? longestDrain(rules) + STOP_SLACK : DURATIONS[timer]
}

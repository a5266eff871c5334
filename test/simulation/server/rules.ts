/** What a simulation of servers allows. */

/** What the outside may do, each counted. */
export const FAULTS = [
  'reload',
  'signal',
  'supervised',
  'undo',
  'check',
  'stop',
  'error',
  'app closes',
  'force',
  'roll back',
  'unwell',
  'silent',
  'kill',
  'kill unheard',
  'hang up',
  'stall',
  'hang',
  'fail',
  'overtake',
  'throw'
] as const

/**
 * Effects that can throw: reports, as an app's logger, subscriber or hook may, and what the system may refuse to a
 * child.
 */
export const THROWING = ['queue', 'warn', 'note child', 'note check', 'conclude', 'be lame duck', 'accept'] as const

export type Throwing = (typeof THROWING)[number]

export type Fault = (typeof FAULTS)[number]

export interface Rules {
  /** `any`: a timer may come due at any moment, as if clocks jumped. `in order`: by their durations. */
  readonly timers: 'any' | 'in order'
  /** `slow`: a message may stay on its way while timers come due. */
  readonly network: 'prompt' | 'slow'
  /** Whether apps have state to hand over. */
  readonly saves: boolean
  /** Whether apps have their own check. Otherwise they are well at once. */
  readonly checks: boolean
  readonly launched: boolean
  /** Whether a release that is checked has a version of the plugin that knows no checks. */
  readonly old: boolean
  /** The `drainTimeout` of each app. Milliseconds. */
  readonly apps: readonly number[]
  /** Whether the app that may drain for longest needs all of that time. */
  readonly busy: boolean
  /** Whether a process goes on whose last app has closed itself. Otherwise it ends, as nothing keeps it alive. */
  readonly lingers: boolean
}

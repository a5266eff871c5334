import type { limitOf } from '../../../lib/launcher/limits.js'
import { longestDrain } from '../server/durations.js'
import type { Rules as ServerRules } from '../server/rules.js'

/** What a simulation of a launcher allows. */

/** What the outside may do, each counted. */
export const FAULTS = [
  /** Of the launcher. */
  'reload',
  'scale up',
  'scale down',
  'stop',
  'force',
  'signal',
  'own signal',
  'launcher dies',
  'launcher stalls',
  'no start',
  /** Of a server. */
  'ask',
  'kill',
  'crash',
  'error',
  'stall',
  'hang',
  'boot hangs',
  'work hangs',
  'fail',
  'roll back',
  'unwell',
  'server stops',
  'app closes'
] as const

export type Fault = (typeof FAULTS)[number]

export interface Rules extends ServerRules {
  readonly launched: true
  readonly workers: number
  /** Whether the launcher watches the files of the app. */
  readonly watched?: boolean
}

type Service = NonNullable<Parameters<typeof limitOf>[1]>

/** What a server reports about its apps: the longest of their limits. */
export function serviceOf(rules: Rules): Service {
  return { readyTimeout: 30_000, times: { reload: 33_000, stop: longestDrain(rules) + 9000 } } as Service
}

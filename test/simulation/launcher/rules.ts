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

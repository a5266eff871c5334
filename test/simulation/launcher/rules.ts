/** What a simulation of a launcher allows. */

/** What the outside may do, each counted. */
export const FAULTS = [
  /** Of the launcher. */
  'reload',
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
  'server stops',
  'app closes'
] as const

export type Fault = (typeof FAULTS)[number]
export type Budget = Readonly<Partial<Record<Fault, number>>>

export interface Rules {
  readonly workers: number
  /** `any`: a timer may come due at any moment, as if clocks jumped. `in order`: by their durations. */
  readonly timers: 'any' | 'in order'
  /** `slow`: a message may stay on its way while timers come due. */
  readonly network: 'prompt' | 'slow'
  readonly saves: boolean
}

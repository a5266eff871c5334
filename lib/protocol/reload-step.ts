import type { Place } from './server-state.js'

/**
 * How far a reload has come, as its users see it.
 *
 * - `waiting`: for the end of another reload; of a launcher, also for a server that serves.
 * - `preparing`: the preReload hooks run, and the child is started.
 * - `booting`: the child boots.
 * - `handing over`: the child is ready, and is about to accept.
 * - `probation`: the child accepts; open connections move to it.
 * - `confirming`: the probation is over, and the child, or another worker, has yet to say that it serves for good.
 * - `cancelling`: the reload has failed before the child accepted, and the child ends.
 * - `rolling back`: the child is not well, and this process takes over again.
 */
export type ReloadStep =
  | 'waiting'
  | 'preparing'
  | 'booting'
  | 'handing over'
  | 'probation'
  | 'confirming'
  | 'cancelling'
  | 'rolling back'

/**
 * How far a check has come, as its users see it.
 *
 * - `preparing`: the child is started.
 * - `booting`: the child boots, and warms up.
 * - `checking`: a copy of the state is saved, and loaded by the child.
 * - `ending`: the child has passed, and closes its apps.
 * - `cancelling`: the check is over, and the child is being killed.
 */
export type CheckStep = 'preparing' | 'booting' | 'checking' | 'ending' | 'cancelling'

type StageOf<N extends Place['name']> = Extract<Place, { name: N; stage: string }>['stage']

const BEFORE: Readonly<Record<StageOf<'reloading'>, ReloadStep>> = {
  'asking hooks': 'preparing',
  starting: 'preparing',
  booting: 'booting',
  saving: 'handing over',
  'handing over': 'handing over',
  cancelling: 'cancelling'
}

const AFTER: Readonly<Record<StageOf<'parent'>, ReloadStep>> = {
  probation: 'probation',
  confirming: 'confirming',
  passed: 'confirming',
  undoing: 'rolling back',
  killing: 'rolling back'
}

const CHECK: Readonly<Record<StageOf<'checking'>, CheckStep>> = {
  starting: 'preparing',
  booting: 'booting',
  saving: 'checking',
  trying: 'checking',
  ending: 'ending',
  killing: 'cancelling'
}

/** How far the check has come that a process at this place makes. */
export function checkStepOf({ stage }: Extract<Place, { name: 'checking' }>): CheckStep {
  return CHECK[stage]
}

/** How far the reload has come that a process at this place makes. */
export function stepOf(at: Extract<Place, { name: 'reloading' | 'parent' }>): ReloadStep {
  return at.name === 'reloading' ? BEFORE[at.stage] : AFTER[at.stage]
}

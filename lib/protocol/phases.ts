import type { Place } from './server-state.js'

/**
 * What a process is doing, as its users see it.
 *
 * - `starting`: booting. A child stays here until its parent lets it take over.
 * - `serving`: accepting and answering.
 * - `reloading`: serving, while a child boots.
 * - `handed over`: the child accepts; this process answers on the connections it still has, and takes over again if the
 *   child fails.
 * - `lame duck`: stopping, still accepting, reported as not ready.
 * - `draining`: accepting nothing new, finishing the work in progress.
 * - `closed`: nothing left to do. An app of this process may listen again.
 */
export type Phase = 'starting' | 'serving' | 'reloading' | 'handed over' | 'lame duck' | 'draining' | 'closed'

const PHASES: Readonly<Record<Exclude<Place['name'], 'leaving'>, Phase>> = {
  booting: 'starting',
  successor: 'starting',
  trial: 'serving',
  serving: 'serving',
  recovered: 'serving',
  reloading: 'reloading',
  checking: 'serving',
  parent: 'handed over',
  closed: 'closed'
}

/** The phase of a process that is at this place. */
export function phaseOf(at: Place): Phase {
  if (at.name !== 'leaving') return PHASES[at.name]
  if (at.stage === 'telling') return 'handed over'
  return at.stage === 'lame duck' ? 'lame duck' : 'draining'
}

/** Whether a process in this phase tells a load balancer to send requests. It does so all through a reload. */
export function isInRotation(phase: Phase): boolean {
  return phase === 'serving' || phase === 'reloading' || phase === 'handed over'
}

/** Whether a process in this phase is on its way out without a way back. */
export function isLeaving(phase: Phase): boolean {
  return phase === 'lame duck' || phase === 'draining' || phase === 'closed'
}

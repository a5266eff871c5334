/**
 * The phases of a process. One writer (the reloader) moves along this table; what is not in it is a bug and throws.
 */
const NEXT = {
  /** Booting. A child stays here until its parent lets it take over. */
  starting: ['serving', 'draining', 'closed'],
  /** Accepting and answering. */
  serving: ['reloading', 'lame duck', 'draining', 'closed'],
  /** Serving, while a child boots. */
  reloading: ['serving', 'handed over', 'lame duck', 'draining', 'closed'],
  /** The child accepts; this process answers on the connections it still has, and returns if the child dies. */
  'handed over': ['serving', 'draining', 'closed'],
  /** Stopping, still accepting, reported as not ready. */
  'lame duck': ['draining', 'closed'],
  /** Accepting nothing new, finishing what is in hand. */
  draining: ['closed'],
  /** Nothing left to do. An app of this process may listen again. */
  closed: ['starting']
} as const

/** What a process is doing. */
export type Phase = keyof typeof NEXT

/** Every phase with the phases that may follow it. */
export const PHASES: Readonly<Record<Phase, readonly Phase[]>> = NEXT

/** Whether `to` may follow `from`. */
export function canFollow(from: Phase, to: Phase): boolean {
  return PHASES[from].includes(to)
}

/** Whether a process in this phase tells a load balancer to send requests. It does so all through a reload. */
export function isInRotation(phase: Phase): boolean {
  return phase === 'serving' || phase === 'reloading' || phase === 'handed over'
}

/** Whether a process in this phase is on its way out without a way back. */
export function isLeaving(phase: Phase): boolean {
  return phase === 'lame duck' || phase === 'draining' || phase === 'closed'
}

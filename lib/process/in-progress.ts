import type { CheckProgress, ReloadInProgress } from '../control/reports.js'
import { checkStepOf, stepOf } from '../protocol/reload-step.js'
import type { Parts } from './parts.js'

/** The progress of the reload that this process is part of. */
export function inProgress({ host, service, asParent, asChild }: Parts): ReloadInProgress | undefined {
  const { at } = host
  if (at.name === 'trial') return asChild?.report
  if (at.name !== 'reloading' && at.name !== 'parent') return undefined
  const step = stepOf(at)
  const { serving = 0 } = asParent.successors.get(at.child)?.times ?? {}
  const elapsed = Math.round(performance.now() - serving)
  return {
    role: 'parent',
    step,
    ...asParent.report(at.reload, at.child),
    generation: service.generation + 1,
    remaining: service.countConnections(),
    ...(step === 'probation' && { probation: { elapsed, duration: service.options.probation } })
  }
}

/** The same of a check. */
export function checkInProgress({ host, service, asParent }: Parts): CheckProgress | undefined {
  const { at } = host
  if (at.name !== 'checking') return undefined
  const pid = asParent.successors.get(at.child)?.child?.pid
  return {
    step: checkStepOf(at),
    reason: at.check.reason,
    elapsed: Math.round(performance.now() - asParent.checkBegun),
    generation: service.generation + 1,
    ...(pid !== undefined && { child: pid })
  }
}

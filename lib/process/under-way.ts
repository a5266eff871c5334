import type { ReloadUnderWay } from '../control/messages.js'
import { stepOf } from '../protocol/reload-step.js'
import type { Parts } from './parts.js'

/** What there is to say of the reload that this process is part of, while it goes on. */
export function underWay({ host, service, asParent, asChild }: Parts): ReloadUnderWay | undefined {
  const { at } = host
  if (at.name === 'trial') return asChild?.report
  if (at.name !== 'reloading' && at.name !== 'parent') return undefined
  const serving = at.name === 'parent' ? (asParent.successors.get(at.child)?.times.serving ?? 0) : 0
  const elapsed = Math.round(performance.now() - serving)
  return {
    role: 'parent',
    step: stepOf(at),
    ...asParent.report(at.reload, at.child),
    generation: service.generation + 1,
    remaining: service.countConnections(),
    ...(serving > 0 && { probation: { elapsed, duration: service.options.probation } })
  }
}

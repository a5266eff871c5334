import type { ProcessStatus } from '../control/reports.js'
import type { Style } from './paint.js'
import type { Row } from './rows.js'
import { duration, spent } from './units.js'

/** What it does, and what it waits for. */
export function phaseRow(status: ProcessStatus, workers: readonly ProcessStatus[]): Row {
  const { phase, reload, drain } = status
  if (reload?.role === 'child')
    return [
      'phase',
      `${phase} on probation, ${describeTrial(status, reload.probation, workers)}; pid ${reload.parent} takes over ` +
        'again if it fails',
      'notable'
    ]
  const left = drain === undefined ? '' : `, for ${duration(drain.left)} at most`
  return ['phase', `${phase}${left}`, STYLES[phase] ?? 'notable']
}

/** The same in a few words. */
export function briefPhase(status: ProcessStatus, workers: readonly ProcessStatus[]): Row {
  const { reload } = status
  if (reload?.role !== 'child') return phaseRow(status, workers)
  const awaited = awaitedBy(status, reload.probation, workers)
  const text = awaited === undefined ? `probation ${spent(reload.probation)}` : `passed${waitsFor(awaited, 1)}`
  return ['phase', text, 'notable']
}

type Span = { elapsed: number; duration: number }

function describeTrial(status: ProcessStatus, probation: Span, workers: readonly ProcessStatus[]): string {
  const awaited = awaitedBy(status, probation, workers)
  return awaited === undefined
    ? spent(probation)
    : `passed after ${duration(probation.duration)}${waitsFor(awaited, 2)}`
}

/**
 * The numbers of the workers that it waits for; undefined while its own probation lasts. Who has passed stays on
 * probation until the others have: all workers are taken back if one fails.
 */
function awaitedBy(
  status: ProcessStatus,
  { elapsed, duration: whole }: Span,
  workers: readonly ProcessStatus[]
): number[] | undefined {
  if (elapsed < whole || workers.length < 2) return undefined
  return workers.flatMap((one, index) => (one === status || isAhead(one) ? [] : [index + 1]))
}

/** @param most - up to how many their numbers are listed */
function waitsFor(awaited: readonly number[], most: number): string {
  if (awaited.length === 0) return ''
  if (awaited.length > most) return `, waits for ${awaited.length} ${most === 1 ? 'others' : 'other workers'}`
  return `, waits for worker${awaited.length === 1 ? '' : 's'} ${awaited.join(' and ')}`
}

function isAhead({ reload }: ProcessStatus): boolean {
  return reload?.role === 'child' && reload.probation.elapsed >= reload.probation.duration
}

const STYLES: Readonly<Record<string, Style>> = { serving: 'good', 'no answer': 'bad', ended: 'bad' }

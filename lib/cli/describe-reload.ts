import { basename, dirname } from 'node:path'
import type { ControlFailure } from '../control/failure.js'
import type { CheckPosition, ReloadPosition, ScalePosition, ScaleResult } from '../control/reports.js'
import { describeSame, type Release } from '../reload/release.js'
import type { ReloadHealth } from '../reload/reload-health.js'
import type { ReloadResult } from '../reload/reload-result.js'
import { printable } from '../util/printable.js'
import { type Paint, plain } from './paint.js'
import { blocks, type Row } from './rows.js'
import { duration, inSeconds, spent } from './units.js'

/** What a reload came to. */
export function describeResult(reload: ReloadResult, paint: Paint = plain): string {
  const { workers = [] } = reload
  if (workers.length < 2) return blocks([resultRows(reload)], paint)
  const named = workers.map((one, index): Row[] => [
    ['worker', `${index + 1} of ${workers.length}`],
    ...resultRows(one)
  ])
  return blocks(named, paint)
}

function resultRows(result: ReloadResult): Row[] {
  const { generation, pid, previous, release, unchanged, migrated, reason, timings, health } = result
  return [
    ['reloaded', `generation ${generation}, pid ${pid}`, 'good'],
    ['before', `generation ${previous.generation}, pid ${previous.pid}`],
    ...releaseRows(release, unchanged),
    ['connections', `${migrated} moved`],
    ...(health === undefined ? [] : [['errors', describeHealth(health)] as Row]),
    ['boot', duration(timings.boot)],
    ['handoff', duration(timings.handoff)],
    ['probation', duration(timings.probation)],
    ['total', duration(timings.total)],
    ['reason', reason]
  ]
}

export function releaseRows(release: Release | undefined, unchanged = false): Row[] {
  if (release === undefined) return []
  return [
    ['release', `${describeRelease(release)}${unchanged ? `, ${describeSame(release)}` : ''}`],
    ['node', release.node]
  ]
}

/** With the name of the script: two apps may be in one folder. */
export function describeRelease({ script, directory, version }: Release): string {
  const where = script === undefined ? `in ${directory}` : `${basename(script)} in ${dirname(script)}`
  return version === undefined ? where : `${where}, version ${version}`
}

/** How many workers there are now. */
export function describeScale({ before, workers, pids, reason }: ScaleResult): string {
  return blocks([
    [
      ['workers', String(workers)],
      ['before', String(before)],
      ['pids', pids.join(', ')],
      ['reason', reason]
    ]
  ])
}

/**
 * How a reload goes, or another change or a check, in a line.
 *
 * @param since - how long ago that was so, in milliseconds; undefined: without the figures that change all the time
 */
export function describeProgress(position: ReloadPosition | CheckPosition | ScalePosition, since?: number): string {
  const { step, child } = position
  const figures: Omit<Partial<ReloadPosition>, 'step'> = position
  const { worker, workers, probation } = figures
  const isTrial = since === undefined && probation !== undefined && probation.duration > 0
  const what = isTrial ? `${step} of ${inSeconds(probation.duration)} s` : step
  const parts = [
    worker === undefined ? what : `worker ${worker} of ${workers}: ${what}`,
    ...(child === undefined ? [] : [`${step === 'stopping' ? 'pid' : 'child'} ${child}`]),
    ...(since === undefined ? [] : figuresOf(figures, since))
  ]
  return printable(parts.join(', '))
}

function figuresOf({ probation, migrated, remaining }: Omit<Partial<ReloadPosition>, 'step'>, since: number): string[] {
  if (probation === undefined) return []
  const moved =
    migrated === undefined || remaining === undefined
      ? []
      : [`${migrated} of ${migrated + remaining} connections moved`]
  return [spent(after(since, probation)), ...moved]
}

type Span = NonNullable<ReloadPosition['probation']>

function after(since: number, { elapsed, duration: whole }: Span): Span {
  return { elapsed: Math.max(elapsed, Math.min(elapsed + since, whole)), duration: whole }
}

export function describeHealth({ parent, child }: ReloadHealth): string {
  return `${child.errors} of ${child.answers} requests (before: ${parent.errors} of ${parent.answers})`
}

/** A failure for people. */
export function describeFailure({ code, message, stderr = [] }: ControlFailure, paint: Paint = plain): string {
  const lines = stderr.map((line, index): Row => [index === 0 ? 'stderr' : '', line])
  const what = paint(printable(message), 'bad')
  return `fastify-graceful-reload: ${what}\n${blocks([[['code', code], ...lines]], paint)}`
}

import type { ControlStatus } from '../control/messages.js'
import type {
  CheckProgress,
  MemoryStatus,
  ProcessStatus,
  ReloadHistory,
  ReloadInProgress,
  ReloadRecord,
  RestartStatus
} from '../control/reports.js'
import { describeDrain, describeOwnDrain } from './describe-drain.js'
import { phaseRow } from './describe-phase.js'
import { describeHealth, releaseRows } from './describe-reload.js'
import { type Paint, plain } from './paint.js'
import { blocks, type Row } from './rows.js'
import { counted, duration, size, spent } from './units.js'

/**
 * What a service is doing: a block for each process, those that serve first, and one for its reloads.
 *
 * @param now - as of `Date.now()`
 */
export function describeStatus(status: ControlStatus, paint: Paint = plain, now = Date.now()): string {
  return blocks(statusGroups(status, now), paint)
}

/** The blocks of it. */
export function statusGroups(status: ControlStatus, now: number): Row[][] {
  const { launcher, workers, plugin, draining = [] } = status
  const own = pluginRows(plugin, launcher !== null && workers.some((worker) => isOther(worker.plugin, plugin)))
  const processes = workers.map((worker, index) => [
    ...(workers.length > 1 ? [['worker', `${index + 1} of ${workers.length}`] as Row] : []),
    ...processRows(worker, status)
  ])
  const groups =
    launcher === null
      ? processes.map((rows) => [...rows, ...own])
      : [
          [
            ['launcher', `pid ${launcher.pid}`] as Row,
            ['uptime', duration(launcher.uptime)] as Row,
            ...launcherNodeRows(status),
            ...own,
            ...memoryRows(launcher.memory)
          ],
          ...processes
        ]
  return [...groups, historyOf(status, now), ...draining.map(describeDrain)]
}

function pluginRows(version: string | null | undefined, isNotable: boolean): Row[] {
  if (version === null || version === undefined) return []
  return [isNotable ? ['plugin', version, 'notable'] : ['plugin', version]]
}

function isOther(one: string | undefined, known: string | null): boolean {
  return one !== undefined && known !== null && one !== known
}

/** Each server says its own: that of the launcher is worth a line where a reload has brought another one. */
function launcherNodeRows({ node, workers }: ControlStatus): Row[] {
  return workers.some(({ release }) => isOther(release?.node, node)) ? [['node', node, 'notable']] : []
}

/** Versions that differ from those of the launcher. */
export function otherVersionRows({ release, plugin }: ProcessStatus, { launcher, ...own }: ControlStatus): Row[] {
  if (launcher === null) return []
  return [
    ...(release !== undefined && isOther(release.node, own.node) ? [['node', release.node, 'notable'] as Row] : []),
    ...(plugin === own.plugin ? [] : pluginRows(plugin, isOther(plugin, own.plugin)))
  ]
}

function processRows(status: ProcessStatus, service: ControlStatus): Row[] {
  const { history, workers } = service
  const { generation, pid, uptime, connections, release, drain, memory } = status
  const { last } = history
  const isUnchanged = last?.outcome === 'succeeded' && last.generation === generation && last.unchanged === true
  const others = otherVersionRows(status, service)
  return [
    phaseRow(status, workers),
    ...inProgressRows(status),
    ['generation', String(generation)],
    ['pid', String(pid)],
    ['uptime', duration(uptime)],
    ...releaseRows(release, isUnchanged).filter(([name]) => !others.some(([other]) => other === name)),
    ...others,
    ...clientRows(status),
    ...memoryRows(memory),
    ...restartRows(status),
    ...(drain === undefined ? [] : describeOwnDrain(drain, connections))
  ]
}

/** What it makes: a reload, or a check. */
export function inProgressRows({ reload, check }: ProcessStatus): Row[] {
  return [
    ...(reload?.role === 'parent' ? [['reload', describeInProgress(reload)] as Row] : []),
    ...(check === undefined ? [] : [['check', describeCheckInProgress(check)] as Row])
  ]
}

/** Nobody knows them of a server that does not answer. */
function clientRows({ phase, listeners, connections }: ProcessStatus): Row[] {
  if (phase === 'no answer') return []
  return [
    ['listeners', listeners.join(', ') || 'none'],
    ['connections', String(connections)]
  ]
}

export function restartRows({ restarts }: ProcessStatus): Row[] {
  return restarts === undefined ? [] : [['restarts', describeRestarts(restarts)]]
}

function describeRestarts({ count, last, next }: RestartStatus): string {
  const how = last?.signal ?? (last?.exitCode == null ? 'died of an error' : `exited with ${last.exitCode}`)
  const why =
    last === undefined ? '' : `, the last one because pid ${last.pid} ${last.signal ? `was ended by ${how}` : how}`
  return `${count}${why}${next === undefined ? '' : `; the next one in ${duration(next)}`}`
}

function memoryRows(memory: MemoryStatus | undefined): Row[] {
  return memory === undefined ? [] : [['memory', `${size(memory.rss)}, of it ${size(memory.heapUsed)} heap`]]
}

/** What has become of its reloads, and which one waits. */
export function historyOf({ history, queued = null }: ControlStatus, now: number): Row[] {
  return [...historyRows(history, now), ...(queued === null ? [] : [['queued', queued.reason] as Row])]
}

function historyRows({ succeeded, failed, rolledBack, restarts, last }: ReloadHistory, now: number): Row[] {
  const counts = [
    `${succeeded} succeeded`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(rolledBack === 0 ? [] : [`${rolledBack} rolled back`]),
    ...(restarts === 0 ? [] : [`${counted(restarts, 'restart')} after a crash`])
  ]
  return [['reloads', counts.join(', ')], ...(last === null ? [] : recordRows(last, now))]
}

function recordRows({ began, reason, outcome, generation, error, timings }: ReloadRecord, now: number): Row[] {
  const { total, ...parts } = timings
  const age = now - Date.parse(began) - total
  const times = Object.entries(parts).map(([name, time]) => `${name} ${duration(time)}`)
  const isGood = outcome === 'succeeded'
  return [
    [
      'last',
      `generation ${generation} ${outcome}${Number.isNaN(age) ? '' : ` ${duration(Math.max(0, age))} ago`}`,
      isGood ? 'good' : 'bad'
    ],
    ...(error === undefined ? [] : [['because', `${error.message} [${error.code}]`] as Row]),
    ['asked by', `${reason}, at ${began}`],
    ['took', `${duration(total)}${times.length === 0 ? '' : `: ${times.join(', ')}`}`]
  ]
}

function describeInProgress(reload: Extract<ReloadInProgress, { role: 'parent' }>): string {
  const { reason, step, elapsed, child, migrated, remaining, probation, health } = reload
  const waits = probation === undefined ? '' : `, ${spent(probation)}`
  const moved = child === undefined ? '' : `, child ${child}, ${migrated} of ${migrated + remaining} connections moved`
  const errors = health === undefined ? '' : `, errors: ${describeHealth(health)}`
  return `${reason}, for ${duration(elapsed)}: ${step}${waits}${moved}${errors}`
}

function describeCheckInProgress({ reason, step, elapsed, child }: CheckProgress): string {
  return `${reason}, for ${duration(elapsed)}: ${step}${child === undefined ? '' : `, child ${child}`}`
}

import type { ControlStatus } from '../control/messages.js'
import type {
  CheckProgress,
  MemoryStatus,
  ProcessStatus,
  ReloadHistory,
  ReloadRecord,
  ReloadUnderWay,
  RestartStatus
} from '../control/reports.js'
import { describeDrain, describeOwnDrain } from './describe-drain.js'
import { describeHealth, releaseRows } from './describe-reload.js'
import { type Paint, plain, type Style } from './paint.js'
import { blocks, type Row } from './rows.js'
import { counted, duration, size, spent } from './units.js'

/**
 * What a service is doing: a block for each process, those that serve first, and one for its reloads.
 *
 * @param now - as of `Date.now()`
 */
export function describeStatus(status: ControlStatus, paint: Paint = plain, now = Date.now()): string {
  const { launcher, workers, plugin, history, queued = null, draining = [] } = status
  const own: Row[] = plugin === null ? [] : [['plugin', plugin]]
  const processes = workers.map((worker, index) => [
    ...(workers.length > 1 ? [['worker', `${index + 1} of ${workers.length}`] as Row] : []),
    ...processRows(worker, history.last)
  ])
  const groups =
    launcher === null
      ? processes.map((rows) => [...rows, ...own])
      : [
          [
            ['launcher', `pid ${launcher.pid}`] as Row,
            ['uptime', duration(launcher.uptime)] as Row,
            ...own,
            ...memoryRows(launcher.memory)
          ],
          ...processes
        ]
  const reloads = [...historyRows(history, now), ...(queued === null ? [] : [['queued', queued.reason] as Row])]
  return blocks([...groups, reloads, ...draining.map(describeDrain)], paint)
}

function processRows(status: ProcessStatus, last: ReloadRecord | null): Row[] {
  const { generation, pid, uptime, connections, release, reload, check, drain, memory, restarts } = status
  const isUnchanged = last?.outcome === 'succeeded' && last.generation === generation && last.unchanged === true
  return [
    phaseRow(status),
    ...(reload?.role === 'parent' ? [['reload', describeUnderWay(reload)] as Row] : []),
    ...(check === undefined ? [] : [['check', describeCheckUnderWay(check)] as Row]),
    ['generation', String(generation)],
    ['pid', String(pid)],
    ['uptime', duration(uptime)],
    ...releaseRows(release, isUnchanged),
    ...clientRows(status),
    ...memoryRows(memory),
    ...(restarts === undefined ? [] : [['restarts', describeRestarts(restarts)] as Row]),
    ...(drain === undefined ? [] : describeOwnDrain(drain, connections))
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

function describeRestarts({ count, last, next }: RestartStatus): string {
  const how = last?.signal ?? (last?.exitCode == null ? 'died of an error' : `exited with ${last.exitCode}`)
  const why =
    last === undefined ? '' : `, the last one because pid ${last.pid} ${last.signal ? `was ended by ${how}` : how}`
  return `${count}${why}${next === undefined ? '' : `; the next one in ${duration(next)}`}`
}

/** What it does, and what it waits for. */
function phaseRow({ phase, reload, drain }: ProcessStatus): Row {
  if (reload?.role === 'child')
    return [
      'phase',
      `${phase} on probation, ${spent(reload.probation)}; pid ${reload.parent} takes over again if it fails`,
      'notable'
    ]
  const left = drain === undefined ? '' : `, for ${duration(drain.left)} at most`
  return ['phase', `${phase}${left}`, STYLES[phase] ?? 'notable']
}

const STYLES: Readonly<Record<string, Style>> = { serving: 'good', 'no answer': 'bad', ended: 'bad' }

function memoryRows(memory: MemoryStatus | undefined): Row[] {
  return memory === undefined ? [] : [['memory', `${size(memory.rss)}, of it ${size(memory.heapUsed)} heap`]]
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

function describeUnderWay(reload: Extract<ReloadUnderWay, { role: 'parent' }>): string {
  const { reason, step, elapsed, child, migrated, remaining, probation, health } = reload
  const waits = probation === undefined ? '' : `, ${spent(probation)}`
  const moved = child === undefined ? '' : `, child ${child}, ${migrated} of ${migrated + remaining} connections moved`
  const errors = health === undefined ? '' : `, errors: ${describeHealth(health)}`
  return `${reason}, for ${duration(elapsed)}: ${step}${waits}${moved}${errors}`
}

function describeCheckUnderWay({ reason, step, elapsed, child }: CheckProgress): string {
  return `${reason}, for ${duration(elapsed)}: ${step}${child === undefined ? '' : `, child ${child}`}`
}

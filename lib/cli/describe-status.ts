import type { ControlStatus, ProcessStatus, ReloadHistory, ReloadRecord, ReloadUnderWay } from '../control/messages.js'
import { describeHealth, releaseRows } from './describe-reload.js'
import { blocks, type Row, seconds, spent } from './rows.js'

/** What a service is doing: a block for each process; what concerns the service is told of the one that answers. */
export function describeStatus({ launcher, workers, plugin, history }: ControlStatus): string {
  const own: Row[] = [...(plugin === null ? [] : [['plugin', plugin] as Row]), ...historyRows(history)]
  const rows = workers.map(statusRows)
  if (launcher === null) return blocks(rows.map((each) => [...each, ...own]))
  return blocks([[['launcher', String(launcher.pid)], ['uptime', seconds(launcher.uptime)], ...own], ...rows])
}

function historyRows({ succeeded, failed, rolledBack, restarts, last }: ReloadHistory): Row[] {
  const counts = [
    `${succeeded} succeeded`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(rolledBack === 0 ? [] : [`${rolledBack} rolled back`]),
    ...(restarts === 0 ? [] : [`${restarts} restarts after a crash`])
  ]
  return [['reloads', counts.join(', ')], ...(last === null ? [] : [['last', describeRecord(last)] as Row])]
}

function describeRecord({ began, reason, outcome, generation, error, timings }: ReloadRecord): string {
  const { total, ...parts } = timings
  const times = Object.entries(parts).map(([name, duration]) => `${name} ${duration}`)
  const duration = `${total} ms${times.length === 0 ? '' : ` (${times.join(', ')})`}`
  const what = `${began}, ${reason}: generation ${generation} ${outcome} after ${duration}`
  return error === undefined ? what : `${what}: ${error.message} [${error.code}]`
}

function statusRows({ generation, pid, phase, uptime, listeners, connections, release, reload }: ProcessStatus): Row[] {
  const rows: Row[] = [
    ['generation', String(generation)],
    ['pid', String(pid)],
    ['phase', phase],
    ['uptime', seconds(uptime)],
    ['listeners', listeners.join(', ')],
    ['connections', String(connections)],
    ...releaseRows(release)
  ]
  return reload === undefined ? rows : [...rows, ['reload', describeUnderWay(reload)]]
}

function describeUnderWay(reload: ReloadUnderWay): string {
  if (reload.role === 'child')
    return `on probation, ${spent(reload.probation)}; process ${reload.parent} takes over again if it fails`
  const { reason, step, elapsed, child, migrated, remaining, probation, health } = reload
  const waits = probation === undefined ? '' : `, ${spent(probation)}`
  const moved = child === undefined ? '' : `, child ${child}, ${migrated} of ${migrated + remaining} connections moved`
  return `${reason}, for ${elapsed} ms: ${step}${waits}${moved}${health === undefined ? '' : `, errors: ${describeHealth(health)}`}`
}

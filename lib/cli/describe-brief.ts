import type { ControlStatus } from '../control/messages.js'
import type { ProcessStatus } from '../control/reports.js'
import { describeDrain, describeOwnDrain } from './describe-drain.js'
import { briefPhase } from './describe-phase.js'
import { describeRelease } from './describe-reload.js'
import { historyOf, inProgressRows, otherVersionRows, restartRows } from './describe-status.js'
import type { Row } from './rows.js'
import { counted, duration } from './units.js'

/** The same as a whole status, with one line for each worker, and details where there is room: for a short screen. */
export function briefGroups(status: ControlStatus, now: number): Row[][] {
  const { launcher, workers, draining = [] } = status
  const own: Row[] =
    launcher === null ? [] : [['launcher', `pid ${launcher.pid}, started ${duration(launcher.uptime)} ago`]]
  const servers = workers.flatMap((worker, index) => {
    return serverRows(worker, workers.length > 1 ? `worker ${index + 1}` : 'server', status)
  })
  return [[...own, ...servers], historyOf(status, now), draining.flatMap(describeDrain)].filter(({ length }) => length)
}

/** Whether a row is the one of a server; what follows belongs to it. */
export function isServer(name: string): boolean {
  return /^(server|worker \d+)$/.test(name)
}

function serverRows(worker: ProcessStatus, name: string, status: ControlStatus): Row[] {
  const { workers } = status
  const { generation, pid, phase, connections, drain, release, uptime } = worker
  const [, state, style] = briefPhase(worker, workers)
  const clients = phase === 'no answer' || phase === 'ended' ? '' : `, ${counted(connections, 'connection')}`
  return [
    [name, `generation ${generation}, pid ${pid}${clients}: ${state}`, style ?? 'notable'],
    ...inProgressRows(worker),
    ...(release === undefined ? [] : [['release', describeRelease(release)] as Row]),
    ...otherVersionRows(worker, status),
    ['uptime', duration(uptime)],
    ...restartRows(worker),
    ...(drain === undefined ? [] : describeOwnDrain(drain, connections))
  ]
}

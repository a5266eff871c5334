import type { DrainStatus, ProcessStatus } from '../control/reports.js'
import type { Row } from './rows.js'
import { counted, duration, size } from './units.js'

/** What an earlier generation still finishes. */
export function describeDrain(status: ProcessStatus): Row[] {
  const { generation, pid, phase, drain, connections, memory } = status
  const which = `generation ${generation}, pid ${pid}`
  if (drain === undefined) return [['draining', `${which}: ${phase}`, phase === 'no answer' ? 'bad' : 'notable']]
  const { upgraded, left } = drain
  return [
    ['draining', `${which}, ${describeCause(drain)}`, 'notable'],
    ['cut off', `in ${duration(left)}`],
    ...waitRows(drain, connections),
    ['open', `${counted(connections, 'connection')}${describeUpgraded(upgraded)}`],
    ...(memory === undefined ? [] : [['memory', size(memory.rss)] as Row])
  ]
}

function describeUpgraded(upgraded: number): string {
  return upgraded === 0 ? '' : `, of them ${upgraded} upgraded, such as WebSockets`
}

/** The same of the server of a worker, whose other rows have the limit, the connections and the memory. */
export function describeOwnDrain(drain: DrainStatus, connections: number): Row[] {
  return [
    ['drain', describeCause(drain)],
    ...waitRows(drain, connections),
    ...(drain.upgraded === 0
      ? []
      : [['upgraded', `${counted(drain.upgraded, 'connection')}, such as WebSockets`] as Row])
  ]
}

function describeCause({ reason, elapsed }: DrainStatus): string {
  return `for ${duration(elapsed)} (${reason})`
}

/** What it waits for, besides connections that nobody uses. */
function waitRows({ requests, holds }: DrainStatus, connections: number): Row[] {
  const { count, oldest } = requests
  if (count === 0 && holds.length === 0 && connections === 0) return [['waits for', 'nothing any more: it is ending']]
  const named = oldest.map(({ method, route, age }, index): Row => {
    return [index === 0 ? 'requests' : '', `${method} ${route ?? '(unknown route)'}, for ${duration(age)}`]
  })
  const others = count - oldest.length
  return [
    ...named,
    ...(others > 0 ? [['', `and ${others} younger`] as Row] : []),
    ...(holds.length === 0 ? [] : [['holds', holds.join(', ')] as Row])
  ]
}

import type { ProcessStatus } from '../control/reports.js'
import type { Row } from './rows.js'
import { counted, duration, size } from './units.js'

/** What an earlier generation still finishes. */
export function describeDrain({ generation, pid, phase, drain, connections, memory }: ProcessStatus): Row[] {
  const which = `generation ${generation}, pid ${pid}`
  if (drain === undefined) return [['draining', `${which}: ${phase}`, phase === 'no answer' ? 'bad' : 'notable']]
  const { requests, holds, upgraded, left, reason, elapsed } = drain
  const { count, oldest } = requests
  const named = oldest.map(({ method, route, age }, index): Row => {
    return [index === 0 ? 'requests' : '', `${method} ${route ?? '(unknown route)'}, for ${duration(age)}`]
  })
  const others = count - oldest.length
  return [
    ['draining', `${which}, for ${duration(elapsed)} (${reason})`, 'notable'],
    ['cut off', `in ${duration(left)}`],
    ...named,
    ...(others > 0 ? [['', `and ${others} younger`] as Row] : []),
    ...(holds.length === 0 ? [] : [['holds', holds.join(', ')] as Row]),
    [
      'open',
      `${counted(connections, 'connection')}${upgraded === 0 ? '' : `, of them ${upgraded} upgraded, such as WebSockets`}`
    ],
    ...(memory === undefined ? [] : [['memory', size(memory.rss)] as Row])
  ]
}

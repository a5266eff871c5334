import type { CheckResult } from '../reload/check-result.js'
import { releaseRows } from './describe-reload.js'
import { type Paint, plain } from './paint.js'
import { blocks, type Row } from './rows.js'
import { duration } from './units.js'

/** What a check came to that has passed. */
export function describeCheck(result: CheckResult, paint: Paint = plain): string {
  const { generation, pid, release, unchanged, opens, closes, closed, complete, reason, timings } = result
  const { boot, warmup, end, total } = timings
  const rows: Row[] = [
    ['passed', `generation ${generation} could take over; process ${pid} has ended again`, 'good'],
    ...releaseRows(release, unchanged),
    ...listenerRow('opens', opens),
    ...listenerRow('closes', closes),
    ['boot', `${duration(boot)}${warmup === undefined ? '' : `, ${duration(warmup)} of it for the warm-up`}`],
    ['end', duration(end)],
    ['total', duration(total)],
    ['reason', reason],
    ...notes(closed, complete).map((note): Row => ['note', note, 'notable'])
  ]
  return blocks([rows], paint)
}

function listenerRow(name: string, addresses: readonly string[]): Row[] {
  return addresses.length === 0 ? [] : [[name, addresses.join(', ')]]
}

function notes(closed: boolean, complete: boolean): string[] {
  return [
    ...(closed ? [] : ['the child did not end with exit code 0 after the check']),
    ...(complete
      ? []
      : ['its version of fastify-graceful-reload has no checks: it booted, but nothing else was tested'])
  ]
}

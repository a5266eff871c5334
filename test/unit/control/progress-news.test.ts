import t from 'tap'
import { newsOf } from '../../../lib/control/progress-news.js'
import type { ReloadPosition } from '../../../lib/control/reports.js'

const at = (step: ReloadPosition['step'], more: Partial<ReloadPosition> = {}): ReloadPosition => {
  return { step, reason: 'x', elapsed: 1, ...more }
}

const ROWS: Array<
  [
    what: string,
    told: ReloadPosition | undefined,
    found: ReloadPosition | undefined,
    since: number,
    event: string | undefined
  ]
> = [
  ['the first step', undefined, at('booting'), 0, 'progress'],
  ['the next step', at('booting'), at('handing over'), 0, 'progress'],
  ['the same step', at('booting'), at('booting', { elapsed: 900 }), 4999, undefined],
  ['the same step for long', at('booting'), at('booting'), 5000, 'heartbeat'],
  ['another child', at('booting', { child: 1 }), at('booting', { child: 2 }), 0, 'progress'],
  ['the next worker', at('booting', { worker: 1 }), at('booting', { worker: 2 }), 0, 'progress'],
  ['figures of a probation', at('probation'), at('probation', { migrated: 1 }), 999, undefined],
  ['older figures of a probation', at('probation'), at('probation', { migrated: 1 }), 1000, 'progress'],
  ['nothing found', at('booting'), undefined, 4999, undefined],
  ['nothing found for long', at('booting'), undefined, 5000, 'heartbeat']
]

for (const [what, position, found, since, event] of ROWS) {
  t.test(what, async (t) => {
    const news = newsOf({ position, at: 100 }, found, 100 + since)
    t.equal(news?.event, event)
    if (event === 'progress') t.match(news, found as object)
  })
}

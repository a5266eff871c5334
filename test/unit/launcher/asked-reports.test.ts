import t from 'tap'
import { AskedReports } from '../../../lib/launcher/asked-reports.js'
import type { FromLauncher } from '../../../lib/protocol/launcher-messages.js'
import { stallWith } from '../../support/stall.js'

/** Longer than a server may take to report. Milliseconds. */
const STALL = 1200

t.test('a launcher that stood still reads what the server has reported before it takes it for silent', async (t) => {
  const reports = new AskedReports<string>(() => {})
  t.equal(
    await stallWith((heard) => {
      heard(() => reports.heard('well'))
      return reports.ask()
    }, STALL),
    'well'
  )
})

t.test('answers belong to the questions in their order, also those that come late', async (t) => {
  const told: FromLauncher[] = []
  const reports = new AskedReports<string>((message) => told.push(message))
  reports.heard('unasked')
  t.equal(await reports.ask(), undefined, 'there is no answer in time')
  const next = reports.ask()
  reports.heard('the late one')
  reports.heard('the next one')
  t.equal(await next, 'the next one')
  t.strictSame(told, [{ type: 'report' }, { type: 'report' }])
})

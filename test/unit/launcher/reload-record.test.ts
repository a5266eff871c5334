import t from 'tap'
import { ChildExitedError, RolledBackError } from '../../../lib/errors.js'
import { recordOf } from '../../../lib/launcher/reload-record.js'

t.test('what is remembered of a reload', async (t) => {
  const timings = { boot: 1, handoff: 2, probation: 3, total: 6 }
  const result = { generation: 2, pid: 2, previous: { generation: 1, pid: 1 }, migrated: 0, reason: 'x', timings }
  const began = new Date(0).toISOString()
  t.strictSame(recordOf(result, 'deploy', { generation: 9, began, total: 60_000 }), {
    ...{ began, reason: 'deploy', outcome: 'succeeded', generation: 2 },
    timings: { ...timings, total: 60_000 }
  })
  const times = { generation: 9, began, total: 5 }
  const died = recordOf(new RolledBackError('it died'), 'deploy', times)
  t.match(died, { outcome: 'rolled back', generation: 9, error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  const failed = recordOf(new ChildExitedError('exited with code 1'), 'deploy', times)
  t.match(failed, { outcome: 'failed', error: { code: 'GRACEFUL_ERR_CHILD_EXITED' }, timings: { total: 5 } })
  t.strictSame(failed.timings, { total: 5 }, 'a server of an earlier release does not say')
  const reached = recordOf(new RolledBackError('it died'), 'deploy', times, {
    boot: 1,
    handoff: 2,
    probation: 1,
    total: 4
  })
  t.strictSame(reached.timings, { boot: 1, handoff: 2, probation: 1, total: 5 })
})

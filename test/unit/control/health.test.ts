import t from 'tap'
import { healthOf } from '../../../lib/control/health.js'
import type { ProcessStatus } from '../../../lib/control/reports.js'

const at = (...phases: Array<ProcessStatus['phase']>) => ({
  workers: phases.map((phase, pid): ProcessStatus => {
    return { generation: 1, pid, phase, uptime: 1, listeners: [], connections: 0 }
  })
})

t.test('a service is there for its clients as long as one of its workers is', async (t) => {
  for (const [phases, healthy] of [
    [['serving'], true],
    [['reloading'], true],
    [['handed over'], true],
    [['starting'], false],
    [['lame duck'], false],
    [['draining'], false],
    [['closed'], false],
    [['no answer'], false],
    [['ended', 'no answer', 'serving'], true],
    [['ended', 'no answer'], false],
    [[], false]
  ] as Array<[Array<ProcessStatus['phase']>, boolean]>) {
    const health = healthOf(at(...phases))
    t.equal(health.healthy, healthy, phases.join())
    t.strictSame(
      health.workers.map(({ phase }) => phase),
      phases
    )
  }
})

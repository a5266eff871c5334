import t from 'tap'
import { History } from '../../../lib/control/history.js'
import { Restarts } from '../../../lib/launcher/restarts.js'
import type { Report, Server } from '../../../lib/launcher/server.js'
import { statusOf } from '../../../lib/launcher/status.js'
import type { Workers } from '../../../lib/launcher/workers.js'
import { deferred } from '../../../lib/util/deferred.js'

t.test('the counts of a status are those of one moment, while servers crash', async (t) => {
  const [history, restarts, report] = [new History(), new Restarts(), deferred<Report | undefined>()]
  const crash = () => {
    restarts.add(0, undefined, 0)
    history.restarted()
  }
  const server = { generation: 1, pid: 20, begun: 0, isAlive: true, report: () => report.promise }
  const places = [{ server: server as unknown as Server, restarts: () => restarts.of(0, false) }]
  crash()
  const asked = statusOf({ places, former: [], queued: null } as unknown as Workers, history)
  crash()
  crash()
  report.resolve(undefined)
  const status = await asked
  crash()
  t.match(status, { workers: [{ restarts: { count: 3 } }], history: { restarts: 3 } })
})

import t from 'tap'
import { healthOf } from '../../../lib/control/health.js'
import { History } from '../../../lib/control/history.js'
import type { ProcessStatus } from '../../../lib/control/reports.js'
import { metricsOf } from '../../../lib/launcher/metrics.js'
import { Restarts } from '../../../lib/launcher/restarts.js'
import type { Roster } from '../../../lib/launcher/roster.js'
import type { Report } from '../../../lib/launcher/server.js'
import { statusOf, statusOfWorkers } from '../../../lib/launcher/status.js'
import { noCounts } from '../../../lib/metrics/counts.js'
import { sumOfLoads } from '../../../lib/metrics/load.js'
import { deferred } from '../../../lib/util/deferred.js'

t.test('the counts of a status are those of one moment, while servers crash', async (t) => {
  const [history, restarts, report] = [new History(), new Restarts(), deferred<Report | undefined>()]
  const crash = () => {
    restarts.add(0, undefined, 0)
    history.restarted()
  }
  const answering = { isAlive: true, service: {}, owesAnswer: 0, report: () => report.promise }
  const server = { generation: 1, pid: 20, begun: 0, ...answering }
  const workers = {
    get places() {
      return [{ id: 0, server, restarts: restarts.of(0, false) }]
    },
    former: [],
    queued: null
  }
  crash()
  const asked = statusOf(workers as unknown as Roster, history)
  crash()
  crash()
  report.resolve(undefined)
  const status = await asked
  crash()
  t.match(status, { workers: [{ restarts: { count: 3 } }], history: { restarts: 3 } })
})

/** A server that answers at once, and may end. */
class Answering {
  readonly generation = 1
  readonly lasting = { generation: 1, pid: 0 }
  readonly begun = 0
  readonly started = 1_700_000_000_123
  readonly settings = {}
  readonly service: object | undefined = {}
  owesAnswer = 0
  isAlive = true

  constructor(
    readonly pid: number,
    readonly phase: ProcessStatus['phase'] = 'serving'
  ) {}

  async report(): Promise<object> {
    const { generation, pid, phase } = this
    return { status: { generation, pid, phase, uptime: 1, listeners: [], connections: 3 }, load: sumOfLoads([]) }
  }
}

/** A worker that hangs, and one that crashes while the first one is asked; the status of both then. */
function crashing(t: { teardown(callback: () => void): void }) {
  const hung = deferred<undefined>()
  const first = Object.assign(new Answering(20), { report: () => hung.promise })
  const [second, third, former] = [new Answering(21), new Answering(22), new Answering(19, 'draining')]
  const servers = [first, second]
  const members = () => servers.map((server, place) => ({ place, server, isCurrent: true, isAccepting: true }))
  const workers = {
    get places() {
      return servers.map((server, id) => ({ id, server, restarts: { count: 0 } }))
    },
    get members() {
      return members()
    },
    former: [{ server: former, leaves: true }],
    queued: null,
    count: 2,
    counts: noCounts()
  }
  t.teardown(() => hung.resolve(undefined))
  const crash = async () => {
    await new Promise(setImmediate)
    second.isAlive = false
    former.isAlive = false
  }
  return { workers: workers as unknown as Roster, servers, third, crash, answer: () => hung.resolve(undefined) }
}

t.test('a server that ends while others are asked has ended', async (t) => {
  const { workers, crash, answer } = crashing(t)
  const [asked, health, metrics] = [
    statusOf(workers, new History()),
    statusOfWorkers(workers),
    metricsOf(workers, new History())
  ]
  await crash()
  answer()
  t.match(await asked, { workers: [{ phase: 'no answer' }, { pid: 21, phase: 'ended' }], draining: [] })
  t.match(healthOf({ workers: await health }), { healthy: false, workers: [{ healthy: false }, { healthy: false }] })
  const { workers: reports, draining } = await metrics
  t.match(reports[1], { status: { pid: 21, phase: 'ended' }, serving: undefined })
  t.equal(draining, 0)
})

t.test('one that has taken its place since has not answered yet', async (t) => {
  const { workers, servers, third, crash, answer } = crashing(t)
  const asked = statusOf(workers, new History())
  await crash()
  servers[1] = third
  answer()
  t.match(await asked, { workers: [{ phase: 'no answer' }, { pid: 22, phase: 'no answer' }] })
})

t.test('one that hands its clients over meanwhile counts as it has answered', async (t) => {
  const { workers, servers, third, answer } = crashing(t)
  const asked = statusOf(workers, new History())
  servers[1] = third
  answer()
  t.match(await asked, { workers: [{ phase: 'no answer' }, { pid: 21, phase: 'serving' }] })
})

t.test('a server that is known not to answer is not waited for', async (t) => {
  const { workers, servers, third } = crashing(t)
  servers[1] = third
  const [hung] = servers as [Answering]
  for (const change of [{ owesAnswer: 1000 }, { owesAnswer: 0, service: undefined }]) {
    Object.assign(hung, change)
    const health = healthOf({ workers: await statusOfWorkers(workers) })
    t.match(health, { healthy: true, workers: [{ phase: 'no answer' }, { pid: 22, phase: 'serving' }] })
    t.match(await statusOf(workers, new History()), { workers: [{ phase: 'no answer' }, { phase: 'serving' }] })
    t.match(await metricsOf(workers, new History()), { workers: [{ status: { phase: 'no answer' } }, {}] })
  }
})

t.test('after a stall of the launcher, what a server has answered meanwhile is read first', async (t) => {
  const { workers, servers, third } = crashing(t)
  servers[0] = third
  third.owesAnswer = 5000
  setImmediate(() => {
    third.owesAnswer = 0
  })
  t.match(await statusOfWorkers(workers), [{ pid: 22, phase: 'serving' }, {}])
})

import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { askControl } from '../../support/control-requests.js'
import { freeze } from '../../support/crowd.js'
import { CurlReload, NO_CURL } from '../../support/curl.js'
import { metricsAt, metricsWhen, NO_PROMTOOL, promtoolSays } from '../../support/metrics.js'
import { tempFolder } from '../../support/temp-folder.js'
import { startWorkers } from '../../support/workers.js'

t.test('two workers over a reload, a crash and a worker that hangs', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const options = { probation: 100, reloadDrainTimeout: 2000, drainTimeout: 2000 }
  const workers = await startWorkers(t, { count: 2, env: { FASTIFY_GRACEFUL_CONTROL: control }, config: { options } })
  const { server } = workers
  const stuck = await HttpConnection.open(server.target())
  const { response } = stuck.send({ path: '/hold/stuck' })
  await server.held('stuck')
  const busy = await metricsAt(control)
  t.strictSame(busy.all('worker_up'), { '{worker="1"}': 1, '{worker="2"}': 1 })
  t.equal(sum(busy.all('requests_in_flight')), 1)
  t.equal(busy.get('connections_opened_total'), 1)
  if (NO_PROMTOOL === false) t.equal(promtoolSays(busy.text), '')

  t.match(await new CurlReload(control).outcome(), { event: 'done' })
  const draining = await metricsAt(control)
  t.strictSame(draining.all('generation'), { '{worker="1"}': 2, '{worker="2"}': 2 })
  t.equal(draining.get('reloads_total{outcome="succeeded"}'), 1)
  t.equal(sum(draining.all('requests_in_flight')), 1, 'of the process that finishes it')
  t.strictSame(draining.lessThan(busy), [])
  await t.rejects(response)
  const forced = await metricsWhen(control, (metrics) => metrics.get('draining_processes') === 0)
  t.equal(forced.get('forced_requests_total'), 1)
  t.equal(forced.get('connections_closed_total'), 1)

  await server.release.configure({ boot: 'throw' })
  t.match(await new CurlReload(control).outcome(), { event: 'failed' })
  await server.release.configure({ boot: 'none' })
  const crashing = await secondOf(control)
  process.kill(crashing, 'SIGKILL')
  const crashed = await metricsWhen(control, (metrics) => metrics.get('restarts_total') === 1)
  t.equal(crashed.get('reload_failures_total{code="GRACEFUL_ERR_CHILD_EXITED"}'), 1)
  t.strictSame(crashed.lessThan(forced), [])
  const again = await metricsWhen(control, (metrics) => sum(metrics.all('worker_up')) === 2)

  const serving = (await workers.started(2, 2 + 1)).filter((pid) => pid !== crashing)
  for (const pid of serving) {
    const connection = await workers.connectionTo(pid)
    const { body } = await connection.request({ path: '/stats' })
    connection.close()
    t.match(
      JSON.parse(body),
      {
        ...{ generation: 2, phase: 'serving', requests: { inFlight: 1 }, holds: { open: 0 }, draining: 0 },
        reloads: { succeeded: 1, failed: 1, restarts: 1, last: { outcome: 'failed' }, inProgress: false }
      },
      `server ${pid} knows what has become of all reloads, also if it has been started after them`
    )
  }

  freeze(t, workers, [workers.of(2).at(-1) as number])
  const hung = await metricsAt(control)
  t.strictSame(hung.all('start_time_seconds'), again.all('start_time_seconds'))
  t.equal(sum(hung.all('worker_up')), 1)
  t.equal(
    sum(hung.all('phase{worker="1",phase="no_answer"}')) + sum(hung.all('phase{worker="2",phase="no_answer"}')),
    1
  )
  t.equal(Object.keys(hung.all('connections{')).length, 3, 'of the one that hangs, nobody knows what it has')
  t.strictSame(hung.lessThan(again), [])
})

/** The process of the second worker: its choices are not those that the launcher goes by. */
async function secondOf(control: string): Promise<number> {
  const answer = await askControl(control, { command: 'status' })
  const second = 'status' in answer ? answer.status.workers[1] : undefined
  if (second === undefined) throw new Error(`no second worker: ${JSON.stringify(answer)}`)
  return second.pid
}

function sum(values: Record<string, number>): number {
  return Object.values(values).reduce((all, one) => all + one, 0)
}

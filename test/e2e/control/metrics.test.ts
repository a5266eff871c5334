import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { askControl, startWithControl } from '../../support/control-requests.js'
import { curl, NO_CURL } from '../../support/curl.js'
import { metricsAt, metricsWhen, NO_PROMTOOL, promtoolSays } from '../../support/metrics.js'
import { PACKAGE_ROOT } from '../../support/release.js'

t.jobs = 2

const skip = NO_CURL
const LONG = 60_000

/** The metrics that docs/control.md has in its table. */
function documented(): Map<string, { type: string; labels: string[] }> {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/control.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `fastify_graceful_(\w+)` \| (\w+) \| (.*?) \|/gm)]
  return new Map(
    rows.map(([, name = '', type = '', labels = '']) => {
      return [name, { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) }]
    })
  )
}

const reload = (control: string) => askControl(control, { command: 'reload', reason: 'a test' })

t.test('a request in flight, a hold, a reload that fails, one that is rolled back', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: LONG } })
  const first = await metricsAt(control)
  t.match(await curl(control, '/metrics', '-I', '-o', '/dev/null'), {
    ...{ status: 200, lines: [] },
    type: 'text/plain; version=0.0.4; charset=utf-8'
  })
  t.equal(first.get('generation{worker="1"}'), 1)
  t.equal(first.get('phase{worker="1",phase="serving"}'), 1)
  t.equal(first.get('last_reload_successful'), undefined, 'there was none')
  t.equal(first.get('workers'), 1)
  const { version } = require(join(PACKAGE_ROOT, 'package.json'))
  t.strictSame(first.all('build_info'), { [`{version="${version}",node="${process.version}"}`]: 1 })
  const age = Date.now() / 1000 - Number(first.get('start_time_seconds{worker="1"}'))
  t.ok(age > 0 && age < 600, `started ${age} seconds ago`)
  t.equal(first.get('connections_opened_total'), 0, 'who asks here is no client')

  const busy = await HttpConnection.open(server.target())
  const exchange = busy.send({ path: '/hold/work' })
  await server.held('work')
  const other = await HttpConnection.open(server.target())
  await other.request({ method: 'POST', path: '/background/mail' })
  const working = await metricsAt(control)
  t.match(working.all('requests_in_flight'), { '{worker="1",role="serving"}': 1, '{worker="1",role="draining"}': 0 })
  t.equal(working.get('holds{worker="1",role="serving"}'), 1)
  t.strictSame(working.all('start_time_seconds'), first.all('start_time_seconds'))
  t.equal(working.get('connections{worker="1",role="serving"}'), 2)
  t.equal(working.get('connections_opened_total'), 2)

  await server.release.configure({ boot: 'throw' })
  await reload(control)
  const failed = await metricsAt(control)
  t.match(failed.all('reloads_total'), { '{outcome="failed"}': 1, '{outcome="succeeded"}': 0 })
  t.equal(failed.get('reload_failures_total{code="GRACEFUL_ERR_CHILD_EXITED"}'), 1)
  t.equal(failed.get('last_reload_successful'), 0)
  t.equal(failed.get('last_reload_duration_seconds{step="boot"}'), undefined, 'it did not get so far')

  await server.release.configure({ boot: 'none' })
  const undone = reload(control)
  const child = await server.takenOver(await server.serving(2))
  t.equal((await other.request({ path: '/' })).status, 200)
  const visitor = await HttpConnection.open(server.target())
  await visitor.request({ path: '/' })
  visitor.close()
  const onTrial = await metricsWhen(control, (metrics) => Number(metrics.get('connections_closed_total')) > 0)
  t.equal(onTrial.get('generation{worker="1"}'), 2)
  t.equal(onTrial.get('reload_in_progress'), 1)
  t.equal(onTrial.get('draining_processes'), 1)
  t.equal(onTrial.get('connections_opened_total'), 3)
  t.strictSame(onTrial.lessThan(failed), [])
  process.kill(child, 'SIGKILL')
  t.match(await undone, { error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  const back = await metricsAt(control)
  t.equal(back.get('generation{worker="1"}'), 1)
  t.equal(back.get('draining_processes'), 0)
  t.equal(back.get('reload_failures_total{code="GRACEFUL_ERR_ROLLED_BACK"}'), 1)
  t.match(back.all('reloads_total'), { '{outcome="failed"}': 1, '{outcome="rolled_back"}': 1 })
  t.strictSame(back.lessThan(onTrial), [], 'what the child has told is known to the parent')
  await server.tell({ command: 'release', name: 'work' })
  await exchange.response
  await server.tell({ command: 'release', name: 'mail' })
  t.equal((await metricsAt(control)).get('requests_in_flight{worker="1",role="serving"}'), 0)
})

t.test('over reloads, with work that is ended by force', { skip }, async (t) => {
  const options = { probation: 300, reloadDrainTimeout: LONG, drainTimeout: 100 }
  const { server, control } = await startWithControl(t, { options })
  const stuck = await HttpConnection.open(server.target())
  const { response } = stuck.send({ path: '/hold/stuck' })
  await server.held('stuck')
  const calm = await HttpConnection.open(server.target())
  await calm.request({ path: '/' })
  const first = server.current
  await reload(control)
  const draining = await metricsWhen(
    control,
    (metrics) => metrics.get('requests_in_flight{worker="1",role="draining"}') === 1
  )
  t.equal(draining.get('generation{worker="1"}'), 2)
  t.equal(draining.get('draining_processes'), 1)
  t.equal(draining.get('last_reload_successful'), 1)
  t.match(draining.all('last_reload_duration_seconds'), { '{step="boot"}': Number, '{step="total"}': Number })
  t.ok(Number(draining.get('last_reload_duration_seconds{step="total"}')) < 60, 'in seconds')
  const ended = Number(draining.get('last_reload_timestamp_seconds'))
  t.ok(Math.abs(Date.now() / 1000 - ended) < 600, 'in seconds since the epoch')
  t.equal(draining.get('connections_opened_total'), 2)
  t.equal(draining.get('connections_moved_total'), 1)
  t.equal(draining.get('connections_closed_total'), 0, 'one that has moved has not ended')

  const second = await HttpConnection.open(server.target())
  const { response: slow } = second.send({ path: '/hold/slow' })
  await server.held('slow')
  await reload(control)
  const both = await metricsWhen(control, (metrics) => metrics.get('draining_processes') === 2)
  t.strictSame(both.lessThan(draining), [])
  process.kill(first, 'SIGTERM')
  await t.rejects(response)
  const forced = await metricsWhen(control, (metrics) => metrics.get('draining_processes') === 1)
  t.equal(forced.get('forced_requests_total'), 1, 'told by the second generation, which was told by the first one')
  t.equal(forced.get('connections_closed_total'), 1)
  await server.tell({ command: 'release', name: 'slow' }, server.pids[1])
  await slow
})

t.test('work that a generation cuts off is counted in later generations too', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 100, reloadDrainTimeout: 500 } })
  const stuck = await HttpConnection.open(server.target())
  const { response } = stuck.send({ path: '/hold/stuck' })
  await server.held('stuck')
  const busy = await HttpConnection.open(server.target())
  await busy.request({ method: 'POST', path: '/background/mail' })
  busy.close()
  const first = server.current
  await reload(control)
  await t.rejects(response)
  await server.exitOf(first)
  const forced = await metricsWhen(control, (metrics) => metrics.get('draining_processes') === 0)
  t.equal(forced.get('forced_requests_total'), 1)
  t.equal(forced.get('forced_holds_total'), 1)
  t.equal(forced.get('connections_closed_total'), 2)
  await reload(control)
  const after = await metricsAt(control)
  t.strictSame(after.lessThan(forced), [])
  t.equal(after.get('generation{worker="1"}'), 3)
})

t.test('a child that gives the service back finishes what it has', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: LONG } })
  const undone = reload(control)
  const child = await server.takenOver(await server.serving(2))
  const late = await HttpConnection.open(server.target())
  const { response } = late.send({ path: '/hold/late' })
  t.equal(await server.held('late'), child)
  const onTrial = await metricsAt(control)
  t.equal(onTrial.get('requests_in_flight{worker="1",role="serving"}'), 1)
  await server.tell({ command: 'rollback', reason: 'a test' }, child)
  t.match(await undone, { error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  const back = await metricsWhen(
    control,
    (metrics) => metrics.get('requests_in_flight{worker="1",role="draining"}') === 1
  )
  t.equal(back.get('draining_processes'), 1)
  t.equal(back.get('generation{worker="1"}'), 1)
  t.strictSame(back.lessThan(onTrial), [])
  await server.tell({ command: 'release', name: 'late' }, child)
  await response
  late.close()
  await server.exitOf(child)
  const after = await metricsWhen(control, (metrics) => metrics.get('draining_processes') === 0)
  t.equal(after.get('connections_opened_total'), 1)
  t.equal(after.get('connections_closed_total'), 1)
})

t.test('promtool finds nothing to object to', { skip: NO_CURL || NO_PROMTOOL }, async (t) => {
  const { control } = await startWithControl(t, { options: { probation: 100 } })
  t.equal(promtoolSays((await metricsAt(control)).text), '')
  await reload(control)
  const metrics = await metricsAt(control)
  const { text } = metrics
  t.equal(promtoolSays(text), '')
  t.not(promtoolSays(text.replaceAll('_total', '')), '', 'it would')
  t.strictSame(metrics.families, documented(), 'docs/control.md has all of them')
})

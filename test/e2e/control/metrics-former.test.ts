import { join } from 'node:path'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { askControl, startWithControl } from '../../support/control-requests.js'
import { NO_CURL } from '../../support/curl.js'
import { metricsAt } from '../../support/metrics.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

const SCRIPT = 'release.cjs'
const NEW = "require('./server.cjs')"
const FORMER = "require('./former.cjs')"

const reload = (control: string) => askControl(control, { command: 'reload' })

t.test('a generation of an earlier release, between two that count', { skip: NO_CURL }, async (t) => {
  const { server, control } = await startWithControl(
    t,
    { options: { probation: 100 } },
    {
      ...{ script: SCRIPT },
      prepare: async (release) => void (await release.write(SCRIPT, NEW))
    }
  )
  const visit = async () => {
    const visitor = await HttpConnection.open(server.target())
    await visitor.request({ path: '/' })
    visitor.close()
  }
  await visit()
  await server.release.configure({ boot: 'throw' })
  await reload(control)
  await server.release.configure({ boot: 'none' })
  const counted = await metricsAt(control)
  t.equal(counted.get('reload_failures_total{code="GRACEFUL_ERR_CHILD_EXITED"}'), 1)
  await server.release.write(SCRIPT, FORMER)
  t.match(await reload(control), { reload: { generation: 2 } })
  await server.release.write(SCRIPT, NEW)
  t.match(await reload(control), { reload: { generation: 3 } })
  await visit()
  const after = await metricsAt(control)
  t.match(after.all('reloads_total'), { '{outcome="succeeded"}': 2, '{outcome="failed"}': 1 })
  t.equal(after.get('reload_failures_total{code="other"}'), 1, 'by which code is not known any more')
  t.equal(after.get('connections_opened_total'), 1, 'since somebody counts again')
  t.equal(after.get('generation{worker="1"}'), 3)
})

t.test('a server of an earlier release, under a launcher that counts', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const config = { options: { probation: 100 } }
  const server = await startServer(t, { script: 'former.cjs', launcher: ['--control', control], config })
  const before = await metricsAt(control)
  t.equal(before.get('worker_up{worker="1"}'), 1)
  t.equal(before.get('connections{worker="1",role="serving"}'), undefined, 'it does not say')
  t.match(await reload(control), { reload: { generation: 2 } })
  await server.eventOf(server.pid, 'closed')
  const after = await metricsAt(control)
  t.equal(after.get('reloads_total{outcome="succeeded"}'), 1)
  t.equal(after.get('generation{worker="1"}'), 2)
})

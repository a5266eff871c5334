import { join } from 'node:path'
import t from 'tap'
import type { ReloadHistory } from '../../../lib/control/reports.js'
import { HttpConnection } from '../../support/connection.js'
import { askControl, connectInReload, startWithControl } from '../../support/control-requests.js'
import { NO_CURL } from '../../support/curl.js'
import { metricsAt } from '../../support/metrics.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { hasHeardAll } from '../../support/tree.js'

t.jobs = 2

const LONG = 60_000
const NONE: ReloadHistory = { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0, codes: {}, last: null }

async function historyAt(control: string): Promise<ReloadHistory> {
  const answer = await askControl(control, { command: 'status' })
  if (!('status' in answer)) throw new Error(JSON.stringify(answer))
  return answer.status.history
}

const reload = (control: string, reason: string) => askControl(control, { command: 'reload', reason })

t.test('each generation knows the outcomes of all reloads', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 200 } })
  t.strictSame(await historyAt(control), NONE)
  await server.release.configure({ boot: 'throw' })
  const before = new Date().toISOString()
  await reload(control, 'bad release')
  const failed = await historyAt(control)
  t.match(failed, {
    ...{ succeeded: 0, failed: 1, rolledBack: 0 },
    last: {
      ...{ reason: 'bad release', outcome: 'failed', generation: 2 },
      error: { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /cannot boot/ }
    }
  })
  const { began = '', timings } = failed.last ?? {}
  t.ok(began >= before && began <= new Date().toISOString(), began)
  t.strictSame(Object.keys(timings ?? {}), ['total'])

  await server.release.configure({ boot: 'none' })
  for (const generation of [2, 3]) {
    await reload(control, `release ${generation}`)
    t.match(await historyAt(control), {
      ...{ succeeded: generation - 1, failed: 1, rolledBack: 0, restarts: 0 },
      last: {
        ...{ reason: `release ${generation}`, outcome: 'succeeded', generation },
        timings: { boot: Number, handoff: Number, probation: Number, total: Number }
      }
    })
  }
  await server.release.configure({ options: { probation: LONG } })
  await reload(control, 'longer probation')
  const parent = server.current
  const undone = reload(control, 'crash')
  const child = await server.serving(5)
  await server.eventOf(parent, 'handed-over')
  t.match(await historyAt(control), { succeeded: 3, failed: 1, last: { reason: 'longer probation' } }, 'on probation')
  process.kill(child, 'SIGKILL')
  t.match(await undone, { error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  t.match(await historyAt(control), {
    ...{ succeeded: 3, failed: 1, rolledBack: 1 },
    last: { reason: 'crash', outcome: 'rolled back', generation: 5, timings: { boot: Number, probation: Number } }
  })
})

t.test('a child whose parent dies in its probation counts the reload itself', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: LONG } })
  server.signal('SIGHUP')
  await server.serving(2)
  await server.event('handed-over')
  t.match(await historyAt(control), NONE)
  process.kill(server.pid, 'SIGKILL')
  const settled = async () => {
    let history = await historyAt(control)
    while (history.succeeded === 0) history = await historyAt(control)
    return history
  }
  t.match(await settled(), { succeeded: 1, last: { reason: 'SIGHUP', outcome: 'succeeded', generation: 2 } })
})

t.test('a child whose parent dies while it boots goes on from what that had counted', { skip: NO_CURL }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 50 } })
  const visitor = await HttpConnection.open(server.target())
  await visitor.request({ path: '/' })
  visitor.close()
  await server.release.configure({ boot: 'throw' })
  await reload(control, 'bad release')
  await server.release.configure({ boot: 'none' })
  await reload(control, 'good release')
  await server.eventOf(server.pid, 'exit')
  const before = await metricsAt(control)
  t.equal(before.get('connections_opened_total'), 1)

  await server.release.configure({ options: { warmup: ['/hold/boot'] } })
  const parent = server.current
  server.signal('SIGHUP')
  const child = await server.held('boot')
  // What the child has said before is answered in the first of two turns.
  t.ok(await hasHeardAll(server, parent))
  process.kill(parent, 'SIGKILL')
  await server.tell({ command: 'release', name: 'boot' }, child)
  t.equal(await server.serving(3), child)
  t.match(await historyAt(control), {
    ...{ succeeded: 2, failed: 1, rolledBack: 0, codes: { GRACEFUL_ERR_CHILD_EXITED: 1 } },
    last: { reason: 'SIGHUP', outcome: 'succeeded', generation: 3, timings: { total: Number } }
  })
  t.strictSame((await metricsAt(control)).lessThan(before), [])
})

t.test('a reload that the child makes for its parent counts once', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 4_000 } })
  const late = await connectInReload(server, control)
  await server.eventOf(server.pid, 'handed-over')
  t.match(await late.ask({ command: 'reload', reason: 'deploy' }), { reload: { generation: 3 } })
  t.match(await historyAt(control), { succeeded: 2, failed: 0, last: { reason: 'deploy', generation: 3 } })
})

t.test('a launcher remembers, and counts restarts', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control], config: { options: { probation: 200 } } })
  t.strictSame(await historyAt(control), NONE)
  await reload(control, 'release 2')
  t.match(await historyAt(control), {
    ...{ succeeded: 1, failed: 0, restarts: 0 },
    last: { reason: 'release 2', outcome: 'succeeded', generation: 2, timings: { boot: Number, total: Number } }
  })
  await server.release.configure({ boot: 'throw' })
  await reload(control, 'release 3')
  const failed = { succeeded: 1, failed: 1, last: { outcome: 'failed', generation: 3 } }
  t.match(await historyAt(control), failed)
  await server.release.configure({ boot: 'none' })
  const crashed = server.current
  process.kill(crashed, 'SIGKILL')
  await server.event({ what: 'another server', test: ({ graceful, pid }) => graceful === 'serving' && pid > crashed })
  t.match(await historyAt(control), { ...failed, restarts: 1 })
})

import { join } from 'node:path'
import t from 'tap'
import type { ReloadHistory } from '../../../lib/control/reports.js'
import { askControl, connectInReload, startWithControl } from '../../support/control-requests.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

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

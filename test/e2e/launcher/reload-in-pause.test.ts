import { join } from 'node:path'
import t from 'tap'
import type { ControlStatus } from '../../../lib/control/messages.js'
import { checkFresh } from '../../support/admin.js'
import { askControl, type ControlAnswer } from '../../support/control-requests.js'
import type { Line } from '../../support/output.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

async function statusAt(control: string): Promise<ControlStatus> {
  const answer = await askControl(control, { command: 'status' })
  if (!('status' in answer)) throw new Error(JSON.stringify(answer))
  return answer.status
}

/** Reloads; returns the answer, and the status behind it. */
async function reloadAt(control: string, reason: string): Promise<[ControlAnswer, ControlStatus]> {
  return [await askControl(control, { command: 'reload', reason }), await statusAt(control)]
}

t.test('a reload in the pause before a restart says why it failed, and raises no generation', async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const settings = { launcher: ['--control', control], config: { options: { probation: 100 } } }
  const server = await startServer(t, settings)
  const second = await server.reload()
  await server.release.configure({ boot: 'throw' })
  server.signal('SIGKILL', second)
  await server.said(/starting another one in ([67]\d\d|800) ms/)

  const expect = async (reason: string, says: RegExp, failed: number) => {
    const [answer, status] = await reloadAt(control, reason)
    const error = { code: 'GRACEFUL_ERR_CHILD_EXITED', message: says }
    t.match(answer, { error: { ...error, exitCode: 1 } }, reason)
    t.ok('error' in answer && answer.error.stderr?.some((line) => says.test(line)), JSON.stringify(answer))
    t.match(status.history, { succeeded: 1, failed, last: { reason, outcome: 'failed', generation: 3, error } }, reason)
    t.match(status.workers, [{ generation: 2 }], reason)
  }
  await expect('a release that throws', /this release cannot boot/, 1)
  const script = await server.release.read('server.cjs')
  await server.release.write('server.cjs', 'this is no JavaScript')
  await expect('a release that cannot be read', /SyntaxError/, 2)
  await server.release.write('server.cjs', script)
  server.signal('SIGHUP', server.launcher)
  await server.said(/reload \(SIGHUP\) failed: .*this release cannot boot/)
  await server.release.configure({ boot: 'none', release: 'good' })

  const isNext = ({ fixture, release }: Line) => fixture === 'started' && release === 'good'
  const { pid } = await server.event({ what: 'start of the good release', test: isNext })
  await checkFresh(t, server, pid, 'good')
  t.match(server.events('serving').at(-1), { generation: 2 }, 'a restart is no reload')
  t.match((await statusAt(control)).history, { succeeded: 1, failed: 3, last: { generation: 3 } })

  await server.release.configure({ boot: 'throw' })
  server.signal('SIGKILL', pid)
  await expect('a release that throws again', /this release cannot boot/, 4)
  await server.release.configure({ boot: 'none' })
  const [answer, status] = await reloadAt(control, 'mended')
  t.match(answer, { reload: { generation: 3, previous: { generation: 2 } } })
  t.match(status.history, { succeeded: 2, failed: 4, last: { reason: 'mended', generation: 3 } })
  t.match(status.workers, [{ generation: 3 }])
  t.equal(await server.stop(), 0)
})

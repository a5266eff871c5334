import { join } from 'node:path'
import t from 'tap'
import type { ControlStatus } from '../../../lib/control/messages.js'
import type { ProcessStatus } from '../../../lib/control/reports.js'
import { askControl } from '../../support/control-requests.js'
import type { Line } from '../../support/output.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

/**
 * `readyTimeout` of the release that runs, which applies until an app is registered, and of the slower one.
 * Milliseconds.
 */
const SHORT = 12_000
const LONG = 300_000

/** A boot that goes on after its app has been registered, until the test lets it end. */
const WAITS = { readyTimeout: LONG, warmup: ['/hold/boot'], probation: 50 }

for (const { settings, where } of WAYS) {
  t.test(`a release that needs longer to boot has the time that it gives itself${where}`, async (t) => {
    const control = join(await tempFolder(t), 'control.sock')
    const options = { readyTimeout: SHORT, warmup: [], probation: 50 }
    const env = { FASTIFY_GRACEFUL_CONTROL: control }
    const server = await startServer(t, { ...settings, env, config: { options } })
    await server.release.configure({ options: WAITS })
    const reload = askControl(control, { command: 'reload' })
    const child = await bootsLonger(server, control, server.pids, ({ reload }) =>
      reload?.role === 'parent' ? reload.elapsed : 0
    )
    await server.tell({ command: 'release', name: 'boot' }, child)
    t.match(await reload, { reload: { generation: 2, pid: child } })
    await server.takenOver(child)
    if (settings.launcher === undefined) return

    // The same applies after a crash. The release that runs has a short time again.
    await server.release.configure({ options })
    t.match(await askControl(control, { command: 'reload' }), { reload: { generation: 3 } })
    await server.release.configure({ options: WAITS })
    const known = server.pids
    server.signal('SIGKILL')
    const next = await bootsLonger(server, control, known, ({ uptime }) => uptime)
    await server.tell({ command: 'release', name: 'boot' }, next)
    t.match(await server.eventOf(next, 'serving'), { generation: 3 })
    t.match(await statusOf(control), {
      workers: [{ pid: next, restarts: { count: 1, last: { pid: Number, exitCode: null, signal: 'SIGKILL' } } }]
    })
  })
}

/**
 * Waits until a process that was not known boots for longer than the release before would have let it; returns its pid.
 */
async function bootsLonger(
  server: TestServer,
  control: string,
  known: number[],
  timeOf: (status: ProcessStatus) => number
): Promise<number> {
  const test = ({ fixture, name, pid }: Line) => fixture === 'held' && name === 'boot' && !known.includes(pid)
  const { pid } = await server.event({ what: 'warm-up', test })
  await untilTrue(
    server,
    'a long boot',
    async () => timeOf((await statusOf(control)).workers[0] as ProcessStatus) > SHORT + 500
  )
  if (!server.alive().includes(pid)) throw new Error('it was killed')
  return pid
}

async function statusOf(control: string): Promise<ControlStatus> {
  const answer = await askControl(control, { command: 'status' })
  if (!('status' in answer)) throw new Error(`no status: ${JSON.stringify(answer)}`)
  return answer.status
}

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ControlStatus } from '../../../lib/control/messages.js'
import { askControl, ControlClient, parseAnswer, requestText } from '../../support/control-requests.js'
import { metricsAt } from '../../support/metrics.js'
import { runCommand } from '../../support/package-command.js'
import { tempFolder } from '../../support/temp-folder.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Workers } from '../../support/workers.js'

t.jobs = 2

const LONG = 60_000

async function start(t: Test, probation: number): Promise<{ workers: Workers; control: string }> {
  const control = join(await tempFolder(t), 'control.sock')
  const env = { FASTIFY_GRACEFUL_CONTROL: control }
  return { workers: await startWorkers(t, { count: 2, env, config: { options: { probation } } }), control }
}

async function statusOf(control: string): Promise<ControlStatus> {
  const answer = await askControl(control, { command: 'status' })
  if (!('status' in answer)) throw new Error(JSON.stringify(answer))
  return answer.status
}

/** Asks for a reload; the lines are there when it has ended. */
async function reload(control: string, reason: string): Promise<{ lines: Promise<Record<string, unknown>[]> }> {
  const client = await ControlClient.open(control)
  client.write(requestText({ command: 'reload', reason }))
  return { lines: client.answer.then((text) => parseAnswer(text).lines) }
}

async function untilQueued(workers: Workers, control: string, reason: string): Promise<void> {
  let queued: string | undefined
  await untilTrue(workers.server, `${reason} to wait`, () => {
    statusOf(control).then(
      (status) => {
        queued = status.queued?.reason
      },
      () => {}
    )
    return queued === reason
  })
}

t.test('each caller hears of its own reload, and who shares one finds its reason', async (t) => {
  const { workers, control } = await start(t, 100)
  const a = await reload(control, 'A')
  await workers.server.eventOf(workers.of(1)[0] as number, 'reload-started')
  const b = await reload(control, 'B')
  await untilQueued(workers, control, 'B')
  const c = await reload(control, 'C')
  await untilQueued(workers, control, 'B; C')
  const again = await reload(control, 'B')
  const [first = [], ...others] = await Promise.all([a, b, c, again].map(({ lines }) => lines))
  t.strictSame(
    first.filter(({ event, reason }) => event === 'progress' && reason !== 'A'),
    []
  )
  t.match(first.at(-1), { event: 'done', result: { generation: 2, reason: 'A' } })
  for (const lines of others) {
    t.match(lines[0], { step: 'waiting' })
    t.match(lines.at(-1), { event: 'done', result: { generation: 3, reason: 'B; C' } })
  }
  t.match((await statusOf(control)).history.last, { reason: 'B; C', outcome: 'succeeded', generation: 3 })
  t.match(workers.server.events('reload-started').at(-1), { msg: /B; C/ })
  t.equal(await workers.stop(), 0)
})

t.test('who serves in a probation, which worker has failed, and how long its steps took', async (t) => {
  const { workers, control } = await start(t, LONG)
  const before = workers.of(1)
  const undone = await reload(control, 'release 42')
  const successors = await workers.started(2)
  await workers.untilAll(before, 'handed-over')
  const { draining, workers: serving } = await statusOf(control)
  t.strictSame(draining, [], 'the parents may come back')
  t.match(
    serving.map(({ pid }) => pid),
    successors
  )
  t.match(serving, [
    { generation: 2, phase: 'serving', reload: { role: 'child', parent: before[0] } },
    { generation: 2 }
  ])
  const { stdout } = await runCommand(['status', '--control', control])
  for (const parent of before)
    t.match(stdout, new RegExp(`^phase +serving on probation, [\\d.]+ of 60.0 s; pid ${parent} takes over again`, 'm'))
  const metrics = await metricsAt(control)
  t.strictSame(metrics.all('generation'), { '{worker="1"}': 2, '{worker="2"}': 2 })
  t.strictSame(metrics.get('phase{worker="1",phase="serving"}'), 1)

  process.kill(successors[0] as number, 'SIGKILL')
  const lines = await undone.lines
  t.match(lines.at(-1), {
    event: 'failed',
    error: { code: 'GRACEFUL_ERR_ROLLED_BACK', worker: 1, message: /^worker 1 of 2: .*SIGKILL/ }
  })
  t.match(lines.at(-2), { step: 'rolling back', worker: 1, workers: 2 })
  const steps = lines.map(({ step }) => step)
  t.notOk(steps.includes('confirming'), steps.join())
  const { last } = (await statusOf(control)).history
  t.match(last, { outcome: 'rolled back', error: { worker: 1, message: /^worker 1 of 2: / } })
  t.strictSame(Object.keys(last?.timings ?? {}).sort(), ['boot', 'handoff', 'probation', 'total'])
  t.match((await statusOf(control)).workers, [
    { pid: before[0], phase: 'serving' },
    { pid: before[1], phase: 'serving' }
  ])

  await workers.server.release.configure({ boot: 'exit' })
  const failed = await (await reload(control, 'release 43')).lines
  t.match(failed.at(-1), { event: 'failed', error: { code: 'GRACEFUL_ERR_CHILD_EXITED', worker: 1 } })
  t.match(failed.at(-2), { step: 'cancelling', worker: 1 })
  t.strictSame(
    failed.filter(({ step }) => step === 'confirming' || step === 'rolling back'),
    []
  )
  const after = await metricsAt(control)
  t.strictSame(Object.keys(after.all('last_reload_duration_seconds')), ['{step="total"}'])
  t.equal(await workers.stop(), 0)
})

import { request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startWithControl } from '../../support/control-requests.js'
import { CurlReload, curl, NO_CURL } from '../../support/curl.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { startWorkers } from '../../support/workers.js'

t.jobs = 2

const skip = NO_CURL
const JSON_TYPE = 'application/json; charset=utf-8'
const CLIENT = ['-d', '{"reason":"release 42"}']

/** A probation that a test does not wait for. Milliseconds. */
const LONG = 60_000

async function startLaunched(t: Test, options = {}) {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { launcher: ['--control', control], config: { options } })
  return { server, control }
}

t.test('status, health and stop', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { lameDuck: LONG } })
  const worker = { generation: 1, pid: server.pid, phase: 'serving' }
  t.match(await curl(control, '/status?x=1'), {
    ...{ status: 200, type: JSON_TYPE },
    lines: [{ version: 2, launcher: null, workers: [worker] }]
  })
  t.strictSame(await curl(control, '/healthz'), {
    ...{ status: 200, type: JSON_TYPE },
    lines: [{ version: 2, healthy: true, workers: [{ ...worker, healthy: true }] }]
  })
  t.match(await curl(control, '/healthz', '-I', '-o', '/dev/null'), { status: 200, lines: [] })
  const stopping = { pid: server.pid, reason: 'release 42' }
  t.match(await curl(control, '/stop', ...CLIENT), { status: 202, lines: [{ version: 2, stopping }] })
  await server.event('lame-duck')
  t.match(server.events('lame-duck'), [{ reason: 'release 42' }])
  const ill = [{ healthy: false, workers: [{ phase: 'lame duck', healthy: false }] }]
  t.match(await curl(control, '/healthz'), { status: 503, lines: ill })
  t.match(await curl(control, '/reload', '-X', 'POST'), {
    ...{ status: 503, type: JSON_TYPE },
    lines: [{ version: 2, error: { code: 'GRACEFUL_ERR_STOPPING', statusCode: 503 } }]
  })
  t.match(await curl(control, '/stop', '-X', 'POST'), { status: 202 }, 'once more')
  t.match(await curl(control, '/healthz'), { status: 503 }, 'and that has forced nothing')
  await server.tell({ command: 'close' })
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('status, health and stop of a launcher have the same shape', { skip }, async (t) => {
  const { server, control } = await startLaunched(t)
  const worker = { generation: 1, pid: server.current, phase: 'serving' }
  const launcher = { pid: server.launcher, uptime: Number }
  t.match(await curl(control, '/status'), { status: 200, lines: [{ version: 2, launcher, workers: [worker] }] })
  t.match(await curl(control, '/healthz'), { status: 200, lines: [{ healthy: true, workers: [worker] }] })
  t.match(await curl(control, '/stop', '-X', 'POST'), { status: 202, lines: [{ stopping: { pid: server.launcher } }] })
  t.equal((await server.exit).code, 0)
})

t.test('one worker more, and one fewer', { skip }, async (t) => {
  const { server, control } = await startLaunched(t)
  const pid = server.current
  const more = await curl(control, '/workers', '-d', '{"workers":"+1","reason":"more to do"}')
  t.match(more, { status: 200, type: 'application/x-ndjson; charset=utf-8' })
  const [first] = more.lines
  t.match(first, { event: 'progress', step: 'booting', worker: 2, workers: 2, child: Number, reason: 'more to do' })
  const result = { before: 1, workers: 2, pids: [pid, first?.child], reason: 'more to do' }
  t.strictSame(more.lines.at(-1), { version: 2, event: 'done', result })
  const fewer = await curl(control, '/workers', '-d', '{"workers":1}')
  t.match(fewer.lines.at(-1), { event: 'done', result: { before: 2, workers: 1, reason: 'control socket' } })
  t.match(await curl(control, '/workers', '-d', '{"workers":-1}'), {
    ...{ status: 400, type: JSON_TYPE },
    lines: [{ error: { code: 'GRACEFUL_ERR_BAD_REQUEST' } }]
  })
  t.match(await curl(control, '/workers', '-d', '{"workers":"-1"}'), {
    status: 409,
    lines: [{ error: { code: 'GRACEFUL_ERR_WORKER_COUNT' } }]
  })
})

t.test('a caller of a reload gets its progress, and at last its outcome', { skip }, async (t) => {
  const { server, control } = await startWithControl(t)
  const reload = new CurlReload(control, ...CLIENT)
  t.match(await reload.outcome(), {
    ...{ version: 2, event: 'done' },
    result: { generation: 2, previous: { pid: server.pid }, reason: 'release 42' }
  })
  t.equal(await server.exitOf(server.pid), 0)
  const { steps, lines } = reload
  t.strictSame(steps.filter((step) => step !== 'confirming').slice(-3), ['booting', 'handing over', 'probation'])
  const [first] = lines
  t.match(first, { version: 2, event: 'progress', reason: 'release 42', elapsed: Number, generation: 2 })
  const child = await server.serving(2)
  const probation = { elapsed: Number, duration: Number }
  t.match(
    lines.find((line) => 'probation' in line),
    { child, migrated: Number, remaining: Number, probation }
  )
})

t.test('a reload that fails, and one that is rolled back', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: LONG } })
  await server.release.configure({ boot: 'throw' })
  const failing = new CurlReload(control)
  t.match(await failing.outcome(), { event: 'failed', error: { code: 'GRACEFUL_ERR_CHILD_EXITED', exitCode: 1 } })
  t.ok(failing.steps.includes('booting'))
  await server.release.configure({ boot: 'none' })
  const undone = new CurlReload(control)
  const { child } = (await undone.line('probation', (line) => 'probation' in line)) as { child: number }
  process.kill(child, 'SIGKILL')
  t.match(await undone.outcome(), { event: 'failed', error: { code: 'GRACEFUL_ERR_ROLLED_BACK', signal: 'SIGKILL' } })
  t.match(await curl(control, '/status'), { lines: [{ workers: [{ pid: server.pid, phase: 'serving' }] }] })
})

t.test('a long reload sends a line at least every five seconds', { skip }, async (t) => {
  const { server, control } = await startWithControl(t)
  await server.release.configure({ boot: 'wait' })
  const reload = new CurlReload(control)
  const follower = new CurlReload(control, '-d', '{"reason":"the next one"}')
  await reload.line('heartbeat', ({ event }) => event === 'heartbeat')
  await follower.line('heartbeat', ({ event }) => event === 'heartbeat')
  await server.release.write('go', '')
  const outcomes = [await reload.outcome(), await follower.outcome()]
  t.match(outcomes.map((line) => line?.event === 'done' && line.result.generation).sort(), [2, 3])
  // Which of the two came first is not for us to say.
  t.ok([reload.steps[0], follower.steps[0]].includes('waiting'))
  t.match(await curl(control, '/status'), { lines: [{ workers: [{ generation: 3, phase: 'serving' }] }] })
})

t.test('a client that goes away in the middle changes nothing', { skip }, async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 100 } })
  await server.release.configure({ boot: 'wait' })
  const reload = new CurlReload(control)
  await reload.line('booting', (line) => line.event === 'progress' && line.step === 'booting')
  await reload.abandon()
  await server.release.write('go', '')
  await server.serving(2)
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('through a launcher', { skip }, async (t) => {
  const { server, control } = await startLaunched(t, { probation: LONG })
  const undone = new CurlReload(control, ...CLIENT)
  const line = await undone.line('probation', (line) => 'probation' in line)
  t.match(line, { step: 'probation', reason: 'release 42', generation: 2, child: Number, migrated: Number })
  t.notMatch(line, { workers: Number })
  process.kill((line as { child: number }).child, 'SIGKILL')
  t.match(await undone.outcome(), { event: 'failed', error: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })
  await server.release.configure({ boot: 'throw' })
  t.match(await new CurlReload(control).outcome(), { event: 'failed', error: { code: 'GRACEFUL_ERR_CHILD_EXITED' } })
  await server.release.configure({ boot: 'none', options: { probation: 100 } })
  const pid = server.current
  t.match(await curl(control, '/status'), { lines: [{ workers: [{ pid, generation: 1, phase: 'serving' }] }] })
})

t.test('of several workers', { skip }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const env = { FASTIFY_GRACEFUL_CONTROL: control }
  const workers = await startWorkers(t, { count: 2, env, config: { options: { probation: 1500 } } })
  const reload = new CurlReload(control, ...CLIENT)
  const outcome = await reload.outcome()
  t.match(outcome, { event: 'done', result: { reason: 'release 42', workers: [{ generation: 2 }, { generation: 2 }] } })
  for (const step of ['1 of 2: booting', '2 of 2: booting', '2 of 2: probation'])
    t.ok(reload.steps.includes(step), step)
  await workers.left(workers.of(2))
  t.match(await curl(control, '/status'), { lines: [{ workers: [{ generation: 2 }, { generation: 2 }] }] })
  t.match(await curl(control, '/stop', '-X', 'POST'), { status: 202 })
  t.equal((await workers.server.exit).code, 0)
})

t.test("Node's own client can ask too", async (t) => {
  const { server, control } = await startWithControl(t)
  const answer = await new Promise((resolve, reject) => {
    const asked = request({ socketPath: control, path: '/status' }, (response) => json(response).then(resolve, reject))
    asked.on('error', reject)
    asked.end()
  })
  t.match(answer, { version: 2, workers: [{ pid: server.pid }] })
})

import t from 'tap'
import { askControl, startWithControl } from '../../support/control-requests.js'
import { freeze } from '../../support/crowd.js'
import { HAS_PROC } from '../../support/fds.js'
import { runCommand } from '../../support/package-command.js'
import { scaleBy, startScalable } from '../../support/scale.js'
import { untilTrue } from '../../support/tree.js'
import { askOnce } from '../../support/workers.js'

t.jobs = 2

t.test('what is no number of workers is refused, and says why', async (t) => {
  const { workers, control } = await startScalable(t)
  const [first] = workers.of(1) as [number]
  const refusals: Array<[body: unknown, message: RegExp]> = [
    [{ workers: 0 }, /at least 1; to end the service, use stop/],
    [{ workers: -1 }, /from 1 to 1024, or a string such as "\+1" or "-1", received -1$/],
    [{ workers: 1025 }, /from 1 to 1024.* received 1025$/],
    [{ workers: 1.5 }, /from 1 to 1024/],
    [{ workers: '2' }, /from 1 to 1024.* received "2"$/],
    [{ workers: 2, reason: 5 }, /the reason must be a string, received 5$/],
    [{ workers: '+0' }, /from 1 to 1024/],
    [{}, /from 1 to 1024.*received nothing/],
    ['', /from 1 to 1024/],
    [{ worker: 2 }, /the key .*did you mean workers/],
    [{ workers: 2, reason: 1 }, /the reason must be a string/],
    ['[2]', /expected an object such as \{"workers": 4\}/],
    ['{"workers"', /expected JSON/]
  ]
  for (const [body, message] of refusals) {
    const expected = { status: 400, error: { code: 'GRACEFUL_ERR_BAD_REQUEST', message } }
    t.match(await scaleBy(control, body), expected, JSON.stringify(body))
  }
  t.match(await scaleBy(control, { workers: '+1024' }), {
    ...{ status: 409, error: { code: 'GRACEFUL_ERR_WORKER_COUNT', message: /not 1025; it is 1/ } }
  })
  t.match(await scaleBy(control, { workers: 1 }), { status: 200, result: { before: 1, workers: 1, pids: [first] } })
  const wrong: Array<[args: string[], text: RegExp]> = [
    [['0'], /must be a number of workers, from 1 to 1024.*use stop.*received 0/],
    [[], /<\+1\|-1\|N> is missing: it must be a number of workers/],
    [['many'], /received many/],
    [['+1', '+1'], /Unexpected argument '\+1'/],
    [['-2', '-x'], /Unknown option '-x'/]
  ]
  for (const [args, text] of wrong) {
    const { code, stderr } = await runCommand(['scale', ...args, '--control', control])
    t.equal(code, 2, args.join(' '))
    t.match(stderr, text)
  }
  t.match(await runCommand(['scale', '-1', '--control', control]), { code: 1, stderr: /GRACEFUL_ERR_WORKER_COUNT/ })
  t.strictSame(workers.of(1), [first], 'and it goes on')
  t.equal(await workers.stop(), 0)
})

t.test('a server without a launcher has no workers, and says so', async (t) => {
  const { control } = await startWithControl(t)
  t.match(await scaleBy(control, { workers: '+1' }), {
    status: 501,
    error: { code: 'GRACEFUL_ERR_NO_WORKERS', message: /start it with the launcher/ }
  })
  t.match(await runCommand(['scale', '2', '--control', control]), { code: 1, stderr: /GRACEFUL_ERR_NO_WORKERS/ })
})

t.test('a worker that hangs and must leave is killed, and holds up nothing', { skip: !HAS_PROC }, async (t) => {
  const options = { readyTimeout: 20_000, drainTimeout: 1000, closeTimeout: 1000, probation: 50 }
  const { workers, control } = await startScalable(t, { count: 2, config: { options } })
  const { server } = workers
  // Which of them is the second one, only the launcher knows.
  const status = await askControl(control, { command: 'status' })
  const [first, second] = 'status' in status ? status.status.workers.map(({ pid }) => pid) : []
  freeze(t, workers, [second as number])
  const fewer = scaleBy(control, { workers: 1 })
  await workers.logged(/from 2 to 1/)
  t.match(await askOnce(server), { pid: first })
  // Adding one worker does not wait for the end of the one that hangs.
  t.match(await scaleBy(control, { workers: '+1' }), { result: { before: 1, workers: 2 } })
  t.ok(server.alive().includes(second as number))
  t.match(await fewer, { steps: ['stopping'], result: { before: 2, workers: 1 } })
  await workers.logged(/(does not end in time|does not answer): killing it/)
  await untilTrue(server, 'end of the one that hung', () => !server.alive().includes(second as number))
  t.equal(await workers.stop(), 0)
})

t.test('the only worker that answers stays until the other one does too', { skip: !HAS_PROC }, async (t) => {
  const { workers, control } = await startScalable(t, { count: 2 })
  const { server } = workers
  const status = await askControl(control, { command: 'status' })
  const [first, second] = 'status' in status ? status.status.workers.map(({ pid }) => pid) : []
  freeze(t, workers, [first as number])
  await workers.logged(new RegExp(`server ${first} has not answered`))
  const fewer = scaleBy(control, { workers: '-1' })
  await workers.logged(/from 2 to 1/)
  t.match(await askOnce(server), { pid: second })
  process.kill(first as number, 'SIGCONT')
  t.match(await fewer, { result: { before: 2, workers: 1, pids: [first] } })
  t.match(await askOnce(server), { pid: first })
  t.equal(await workers.stop(), 0)
})

t.test('a stop while a worker that is to leave has work in progress lets it finish that', async (t) => {
  const { workers, control } = await startScalable(t, { count: 2 })
  const { server } = workers
  const status = await askControl(control, { command: 'status' })
  const [, second] = 'status' in status ? status.status.workers.map(({ pid }) => pid) : []
  const busy = await workers.connectionTo(second as number)
  const slow = busy.send({ path: '/hold/slow' })
  await server.held('slow')
  const fewer = scaleBy(control, { workers: 1 })
  await server.eventOf(second as number, 'draining')
  server.signal('SIGTERM', workers.launcher)
  t.match(await fewer, { error: { code: 'GRACEFUL_ERR_STOPPING' } })
  await server.tell({ command: 'release', name: 'slow' }, second as number)
  t.match(JSON.parse((await slow.response).body), { pid: second })
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
})

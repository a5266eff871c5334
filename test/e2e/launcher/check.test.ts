import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { leftNothing, waitingChild } from '../../support/checks.js'
import { curl, NO_CURL } from '../../support/curl.js'
import { runCommand } from '../../support/package-command.js'
import { tempFolder } from '../../support/temp-folder.js'
import { startWorkers } from '../../support/workers.js'

const script = 'check.cjs'
const POST = ['-X', 'POST']

t.test('one of several workers makes the check that the launcher is asked for', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  // The option of the app names the socket of its launcher.
  const options = { control, pidFile: join(await tempFolder(t), 'pid') }
  const workers = await startWorkers(t, {
    count: 2,
    script,
    env: { FASTIFY_GRACEFUL_CONTROL: control },
    config: { options }
  })
  const { server } = workers
  const pids = await workers.started(1)
  await server.release.configure({ release: 'B', extra: { warmup: '/warm' } })

  const passed = await curl(control, '/check', ...POST)
  const { event, result } = passed.lines.at(-1) as { event: string; result: { pid: number } }
  t.match(
    { event, result },
    { event: 'done', result: { generation: 2, closed: true, complete: true, unchanged: true } }
  )
  await leftNothing(t, server, [result.pid])
  t.strictSame(workers.of(1).sort(), pids.sort())
  t.equal(await readFile(options.pidFile, 'utf8'), `${workers.launcher}\n`)
  t.match(
    server.events((line) => line.fixture === 'role' && line.isCheck === true),
    [{ pid: result.pid }],
    'one is enough'
  )

  await server.release.configure({ boot: 'throw' })
  const failed = await curl(control, '/check', ...POST)
  t.match(failed.lines.at(-1), {
    event: 'failed',
    error: { code: 'GRACEFUL_ERR_CHILD_EXITED', stderr: [/cannot boot/] }
  })
  t.match(server.events('check-failed'), [{ err: { code: 'GRACEFUL_ERR_CHILD_EXITED' } }])

  await server.release.configure({ boot: 'wait' })
  const overtaken = runCommand(['check', '--control', control, '--json'])
  const child = await waitingChild(server)
  t.match((await curl(control, '/check', ...POST)).lines, [{ error: { code: 'GRACEFUL_ERR_NO_CHECK' } }])
  await server.release.configure({ boot: 'none' })
  server.signal('SIGHUP', workers.launcher)
  const { code, stdout } = await overtaken
  t.match({ code, ...JSON.parse(stdout) }, { code: 1, error: { message: /a reload was requested/ } })
  await workers.started(2)
  await leftNothing(t, server, [child])
  await workers.left(workers.of(2))

  // The server that makes it dies.
  const before = server.events('boot')
  await server.release.configure({ boot: 'wait' })
  const lost = runCommand(['check', '--control', control, '--json'])
  const orphan = await waitingChild(server, before)
  const [maker] = server.events((line) => line.graceful === 'check-started' && line.child === orphan)
  await server.release.configure({ boot: 'none' })
  server.signal('SIGKILL', maker?.pid)
  t.match(JSON.parse((await lost).stdout), { error: { code: 'GRACEFUL_ERR_NO_CHECK', message: /killed by SIGKILL/ } })
  await leftNothing(t, server, [orphan])
  await workers.started(2, 3)
})

t.test('a worker that hangs makes no check, and none later', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const workers = await startWorkers(t, { count: 2, script, given: '2', env: { FASTIFY_GRACEFUL_CONTROL: control } })
  const { server } = workers
  await workers.started(1)
  const status = async () =>
    (await curl(control, '/status')).lines[0] as { workers: Array<{ pid: number; phase: string }> }
  const hung = (await status()).workers[0]?.pid as number
  process.kill(hung, 'SIGSTOP')
  t.match((await curl(control, '/check', ...POST)).lines.at(-1), {
    error: { code: 'GRACEFUL_ERR_NO_CHECK', message: new RegExp(`process ${hung}.* does not answer`) }
  })
  process.kill(hung, 'SIGCONT')
  // What it has heard before this answer it has dealt with.
  while ((await status()).workers[0]?.phase !== 'serving');
  t.match((await curl(control, '/check', ...POST)).lines.at(-1), { event: 'done' })
  t.equal(server.events('check-started').length, 1)
})

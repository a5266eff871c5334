import t from 'tap'
import { askControl, connectInReload, startWithControl, statusAt } from '../../support/control-requests.js'
import { PERMISSION_MODEL } from '../../support/permission.js'

const RELOAD = { command: 'reload', reason: 'deploy' } as const

t.test('a veto', async (t) => {
  const { server, control } = await startWithControl(t, { veto: 'not today' })
  t.match(await askControl(control, RELOAD), { error: { code: 'GRACEFUL_ERR_VETOED', message: /not today/ } })
  t.match(await statusAt(control), { pid: server.pid, phase: 'serving' })
})

t.test('a child that fails at boot, with its last lines', async (t) => {
  const { server, control } = await startWithControl(t)
  await server.release.configure({ boot: 'throw' })
  const answer = await askControl(control, RELOAD)
  t.match(answer, {
    error: { code: 'GRACEFUL_ERR_CHILD_EXITED', statusCode: 502, exitCode: 1, signal: null, message: /cannot boot/ }
  })
  const { stderr } = (answer as { error: { stderr: string[] } }).error
  t.match(stderr.join('\n'), /Error: this release cannot boot\n +at /)
})

t.test('a child that fails at boot in the reload that the child made', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 4_000 } })
  const late = await connectInReload(server, control)
  await server.eventOf(server.pid, 'handed-over')
  await server.release.configure({ boot: 'throw' })
  const answer = await late.ask(RELOAD)
  t.match(answer, { error: { code: 'GRACEFUL_ERR_CHILD_EXITED', exitCode: 1, stderr: [/this release cannot boot/] } })
  t.match(await statusAt(control), { generation: 2, phase: 'serving' })
})

t.test('where the system forbids it', async (t) => {
  // The socket is bound under another name and then renamed.
  const execArgv = [...PERMISSION_MODEL, '--allow-fs-write=*']
  const { server, control } = await startWithControl(t, {}, { execArgv })
  t.match(await askControl(control, RELOAD), { error: { code: 'GRACEFUL_ERR_UNSUPPORTED', statusCode: 501 } })
  t.match(await statusAt(control), { pid: server.pid, phase: 'serving' })
})

t.test('a process that is about to stop', async (t) => {
  const { server, control } = await startWithControl(t, { options: { lameDuck: 60_000 } })
  server.signal('SIGTERM')
  await server.event('lame-duck')
  t.match(await askControl(control, RELOAD), { error: { code: 'GRACEFUL_ERR_STOPPING', statusCode: 503 } })
  t.match(await statusAt(control), { phase: 'lame duck' })
  await server.tell({ command: 'close' })
  t.equal(await server.exitOf(server.pid), 0)
})

t.test('a stop in the probation', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
  const asked = askControl(control, RELOAD)
  await server.event('handed-over')
  server.signal('SIGTERM', server.pid)
  t.match(await asked, { error: { code: 'GRACEFUL_ERR_STOPPING' } })
  t.equal(await server.exitOf(server.pid), 0)
})

for (const [way, code] of [
  ['SIGTERM', 'GRACEFUL_ERR_STOPPING'],
  // Then its parent makes the reload.
  ['rollback', 'GRACEFUL_ERR_OUTCOME_UNKNOWN']
] as const) {
  t.test(`a child that waits for the end of its probation to reload, and leaves (${way})`, async (t) => {
    const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
    server.signal('SIGHUP')
    const child = await server.serving(2)
    await server.event('handed-over')
    const asked = askControl(control, RELOAD)
    await server.eventOf(child, 'reload-queued')
    if (way === 'rollback') await server.tell({ command: 'rollback', reason: 'bad feeling' }, child)
    else server.signal(way, child)
    t.match(await asked, { error: { code } })
    t.equal(await server.exitOf(child), 0)
    t.strictSame(server.events('forced'), [])
  })
}

import { existsSync, statSync } from 'node:fs'
import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { askControl, connectInReload, startWithControl, statusAt } from '../../support/control-requests.js'
import { untilTrue } from '../../support/tree.js'

/** The permissions of a file, and which file it is. */
function fileAt(path: string): { mode: string; inode: number } {
  const { mode, ino } = statSync(path)
  return { mode: (mode & 0o777).toString(8), inode: ino }
}

const RELOAD = { command: 'reload', reason: 'deploy' } as const

t.test('a process tells what it is doing', async (t) => {
  const { server, control } = await startWithControl(t)
  const { port } = server.target() as { port: number }
  const clients = await Promise.all([1, 2].map(() => HttpConnection.open(server.target())))
  await Promise.all(clients.map((client) => client.request({ path: '/' })))
  const { uptime, release, memory, plugin, ...status } = await statusAt(control)
  t.match(plugin, /^\d+\.\d+\.\d+/)
  const listeners = [`127.0.0.1:${port}`]
  t.strictSame(status, { generation: 1, pid: server.pid, phase: 'serving', listeners, connections: 2 })
  t.match(release, { script: /server\.cjs$/, node: process.version })
  t.match(memory, { rss: Number, heapUsed: Number })
  t.ok(Number.isInteger(uptime) && uptime > 0, String(uptime))
  t.match(server.events('serving'), [{ listeners }], 'the control socket is no place for clients')
  for (const client of clients) client.close()
})

t.test('the parent answers a request for a reload; the socket passes on, and the last stop removes it', async (t) => {
  const { server, control } = await startWithControl(t)
  const before = fileAt(control)
  t.equal(before.mode, '600')
  for (const generation of [2, 3]) {
    const previous = { generation: generation - 1, pid: server.current }
    const answer = await askControl(control, RELOAD)
    const pid = await server.serving(generation)
    t.match(answer, {
      reload: { generation, pid, previous, migrated: 0, reason: 'deploy', timings: { boot: Number } }
    })
    t.equal(await server.exitOf(previous.pid), 0)
    t.match(await statusAt(control), { generation, pid, phase: 'serving' })
    t.strictSame(fileAt(control), before, 'the same file')
    t.equal(server.events((line) => line.pid === pid && line.graceful === 'adopted').length, 2)
  }
  t.strictSame(server.events('warning'), [])
  t.equal(await server.stop(), 0)
  t.notOk(existsSync(control))
})

t.test('a status reports the reload in progress', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
  await server.release.configure({ boot: 'hang' })
  const failing = askControl(control, RELOAD)
  const { pid: hanging } = await server.event('boot')
  t.match(await statusAt(control), {
    ...{ generation: 1, pid: server.pid, phase: 'reloading' },
    reload: { role: 'parent', reason: 'deploy', child: hanging, migrated: 0, elapsed: Number }
  })
  process.kill(hanging, 'SIGKILL')
  t.match(await failing, { error: { code: 'GRACEFUL_ERR_CHILD_EXITED', statusCode: 502, signal: 'SIGKILL' } })
  t.notMatch(await statusAt(control), { reload: {} })

  // Of a connection that the parent had accepted, the parent answers.
  const early = await connectInReload(server, control)
  const child = await server.serving(2)
  await server.event('handed-over')
  const ofParent = await early.ask({ command: 'status' })
  t.match(ofParent, {
    status: { workers: [{ generation: 1, phase: 'handed over', reload: { reason: 'SIGHUP', child } }] }
  })
  const figures = { answers: Number, errors: 0 }
  t.match(ofParent, { status: { workers: [{ reload: { health: { parent: figures, child: figures } } }] } })
  const ofChild = { generation: 2, pid: child, phase: 'serving', reload: { role: 'child', parent: server.pid } }
  t.match(await statusAt(control), ofChild)
})

t.test('after a rollback the parent is there again', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 60_000 } })
  const before = fileAt(control)
  const asked = askControl(control, RELOAD)
  const child = await server.serving(2)
  await server.event('handed-over')
  t.match(await statusAt(control), { pid: child })
  process.kill(child, 'SIGKILL')
  t.match(await asked, { error: { code: 'GRACEFUL_ERR_ROLLED_BACK', statusCode: 502, signal: 'SIGKILL' } })
  t.match(await statusAt(control), { generation: 1, pid: server.pid, phase: 'serving' })
  t.strictSame(fileAt(control), before)
  await checkFresh(t, server, server.pid)
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 0)
  t.notOk(existsSync(control))
})

t.test('a status request during the handoff of the socket is answered', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 50 } })
  const over = { yes: false }
  const seen = new Map<number, number>()
  const failures: unknown[] = []
  const asking = async () => {
    while (!over.yes) {
      const found = await statusAt(control).catch((error) => failures.push(error))
      if (typeof found === 'object') seen.set(found.generation, (seen.get(found.generation) ?? 0) + 1)
    }
  }
  const askers = Array.from({ length: 8 }, asking)
  for (let count = 1; count <= 6; count++) {
    await server.release.configure({ options: { probation: count % 2 === 0 ? 50 : 0 } })
    t.match(await askControl(control, RELOAD), { reload: { generation: count + 1 } })
    await untilTrue(server, `status of generation ${count + 1}`, () => seen.has(count + 1))
  }
  over.yes = true
  await Promise.all(askers)
  t.strictSame(failures, [])
  t.comment(`answers by generation: ${[...seen.values()].join(', ')}`)
})

t.test('a parent that has handed over answers a reload request, with the outcome of its grandchild', async (t) => {
  const { server, control } = await startWithControl(t, { options: { probation: 4_000 } })
  const late = await connectInReload(server, control)
  await server.eventOf(server.pid, 'handed-over')
  const answer = await late.ask(RELOAD)
  const pid = await server.serving(3)
  t.match(answer, { reload: { generation: 3, pid, previous: { generation: 2 }, reason: 'deploy' } })
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

t.test('a request to a process that already drains is answered', async (t) => {
  // The process may stand still for any time: a message that has come meanwhile counts more than a limit.
  const hooks = { drain: 'block' } as const
  const { server, control } = await startWithControl(t, { hooks, options: { probation: 0 } }, { script: 'hooks.cjs' })
  const late = await connectInReload(server, control)
  await server.held('drain')
  const answer = late.ask({ command: 'status' })
  await server.release.write('end of the block', '')
  t.match(await answer, { status: { workers: [{ generation: 1, phase: 'draining' }] } })
})

t.test('two that ask at the same time are both answered: one reload, and one more', async (t) => {
  const { control } = await startWithControl(t, { options: { probation: 50 } })
  const answers = await Promise.all([askControl(control, RELOAD), askControl(control, RELOAD)])
  t.match(answers, [{ reload: { generation: 2 } }, { reload: { generation: 3 } }])
  t.match(await statusAt(control), { generation: 3 })
})

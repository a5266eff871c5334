import t from 'tap'
import { type Client, FreshClient, KeepAliveClient } from '../../support/clients.js'
import { askControl } from '../../support/control-requests.js'
import { Load } from '../../support/load.js'
import { runCommand } from '../../support/package-command.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { countOf, scaleBy, startScalable } from '../../support/scale.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

const config = { options: { probation: 50 } }

t.test('one worker, three, and one again, under load: no request fails', async (t) => {
  const { workers, control } = await startScalable(t, { config })
  const { server } = workers
  const [first] = workers.of(1) as [number]
  const target = server.target()
  const arrivals = new Load([new FreshClient(target)], { every: 10 })
  const keptClients = Array.from({ length: 6 }, () => new KeepAliveClient(target))
  const clients: Client[] = [new FreshClient(target), ...keptClients, ...(await PersistentClient.openMany(target, 4))]
  const load = new Load(clients, { pause: 5 })
  await load.reached(1)

  const { code, stdout, stderr } = await runCommand(['scale', '3', '--json', '--progress', '--control', control])
  t.equal(code, 0, stderr)
  const more = JSON.parse(stdout)
  t.match(more, { before: 1, workers: 3, reason: 'fastify-graceful-reload scale', pids: [first, Number, Number] })
  t.match(stderr, /^worker [23] of 3: booting, child \d+\n/, 'and nothing waits before that')
  t.strictSame([...workers.of(1)].sort(), [...more.pids].sort())
  await workers.met(more.pids)
  await load.answered(50)

  // A request that is in progress, one that has yet to end, and those of clients that keep their connections.
  const [, second, third] = more.pids as [number, number, number]
  const busy = await workers.connectionTo(third)
  const slow = busy.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), third)
  const fewer = runCommand(['scale', '-1', '--reason', 'less to do', '--control', control])
  t.match(await server.eventOf(third, 'draining'), { reason: 'less to do' })
  await load.answered(50)
  await server.tell({ command: 'release', name: 'slow' }, third)
  t.match(JSON.parse((await slow.response).body), { pid: third })
  t.match(await fewer, { code: 0, stdout: /^stopping, pid \d+\nworkers +2\nbefore +3\npids +\d+, \d+\n/, stderr: '' })
  t.equal((await server.eventOf(third, 'exit')).code, 0)

  t.match(await scaleBy(control, { workers: 1 }), { status: 200, result: { before: 2, workers: 1, pids: [first] } })
  await workers.left([first])
  t.match(await askControl(control, { command: 'status' }), {
    status: { workers: [{ pid: first, phase: 'serving' }], history: { restarts: 0 } }
  })
  for (const report of [await load.stop(), await arrivals.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0, 'no connection was closed without a word')
  }
  t.equal((await server.eventOf(second, 'exit')).code, 0)
  t.equal(await workers.stop(), 0)
})

t.test('SIGTTIN adds a worker, SIGTTOU takes one away, and never the last one; a reload is one of all', async (t) => {
  const { workers, control } = await startScalable(t, { config })
  const { server, launcher } = workers
  const [first] = workers.of(1) as [number]
  server.signal('SIGTTIN', launcher)
  await workers.logged(/from 1 to 2/)
  server.signal('SIGTTIN', launcher)
  await countOf(workers, 3, 2)
  const three = await workers.started(1, 3)
  await workers.met(three)

  await server.release.configure({ release: 'B' })
  server.signal('SIGHUP', launcher)
  await untilTrue(server, 'a reload', () => workers.of(2).length > 0)
  server.signal('SIGTTOU', launcher)
  await workers.logged(/SIGTTOU\): waiting for another change or a reload/)
  const reloaded = await workers.started(2, 3)
  await countOf(workers, 2, 3)
  t.match(await askControl(control, { command: 'status' }), {
    status: { workers: [{ generation: 2 }, { generation: 2 }], history: { succeeded: 1 } }
  })
  const left = reloaded.filter((pid) => server.alive().includes(pid))
  t.equal(left.length, 2, 'the one that the reload has made has gone')
  await workers.met(left)

  server.signal('SIGTTOU', launcher)
  await countOf(workers, 1, 2)
  server.signal('SIGTTOU', launcher)
  await workers.logged(/workers \(SIGTTOU\): the number of workers must be from 1 to 1024, not 0; it is 1 .*stop/)
  t.notOk(server.alive().includes(first))
  t.equal(server.alive().length, 2, 'the launcher and one server')
  t.equal(await workers.stop(), 0)
})

t.test('a new release that fails to reload leaves the number of workers', async (t) => {
  const { workers, control } = await startScalable(t, { config })
  const { server } = workers
  t.match(await scaleBy(control, { workers: '+1', reason: 'more to do' }), {
    result: { before: 1, workers: 2, reason: 'more to do' }
  })
  const before = [...workers.of(1)]
  await server.release.configure({ boot: 'throw' })
  const failed = await runCommand(['reload', '--json', '--control', control])
  t.match([failed.code, JSON.parse(failed.stdout)], [1, { error: { code: 'GRACEFUL_ERR_CHILD_EXITED' } }])
  t.match(await askControl(control, { command: 'status' }), {
    status: { workers: before.map((pid) => ({ pid, phase: 'serving' })) }
  })

  // A broken server cannot be added either, and the launcher does not retry it.
  const broken = await runCommand(['scale', '+1', '--json', '--control', control])
  t.match([broken.code, JSON.parse(broken.stdout)], [1, { error: { code: 'GRACEFUL_ERR_SCALE', exitCode: Number } }])
  await workers.logged(/the number stays at 2; requested: 3/)
  t.match(await askControl(control, { command: 'status' }), {
    status: { workers: before.map((pid) => ({ pid, phase: 'serving' })), history: { restarts: 0 } }
  })
  t.equal(server.events(({ fixture, mode }) => fixture === 'boot' && mode === 'throw').length, 2)

  // A stop cancels what waits.
  await server.release.configure({ boot: 'wait' })
  const more = scaleBy(control, { workers: 4 })
  const next = scaleBy(control, { workers: '-1' })
  await untilTrue(
    server,
    'boot of two',
    () => server.events(({ fixture, mode }) => fixture === 'boot' && mode === 'wait').length === 2
  )
  await workers.logged(/waiting for another change or a reload/)
  t.equal(await workers.stop(), 0)
  for (const { error } of [await more, await next])
    t.match(error, { code: 'GRACEFUL_ERR_STOPPING', message: /number of workers/, statusCode: 503 })
})

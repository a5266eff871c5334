import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Client, FreshClient, KeepAliveClient, PipeliningClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { Load } from '../../support/load.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { startWorkers, type Workers } from '../../support/workers.js'

const RELOADS = 2

t.test(`clients that never retry see no failure in ${RELOADS} rolling reloads`, async (t) => {
  const workers = await startWorkers(t)
  const { server } = workers
  const target = server.target()
  const arrivals = new Load([new FreshClient(target)], { every: 5 })
  const clients: Client[] = [
    ...several(4, () => new FreshClient(target)),
    ...several(8, () => new KeepAliveClient(target)),
    ...(await PersistentClient.openMany(target, 12))
  ]
  const load = new Load([...clients, new PipeliningClient(target)], { pause: 5 })
  await load.reached(1)
  const inodes = listeningInodes(workers.launcher)

  for (let generation = 2; generation <= RELOADS + 1; generation++) {
    await server.release.configure({ release: `release ${generation}` })
    const pids = await workers.reload(generation)
    if (HAS_PROC) for (const pid of pids) t.strictSame(listeningInodes(pid), inodes, 'the same socket')
    await Promise.all([load.reached(generation), arrivals.reached(generation)])
    checkOrder(t, workers, generation)
  }

  for (const report of [await load.stop(), await arrivals.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0, 'no connection was closed without a word')
  }
  t.strictSame(
    server.events('exit').map((line) => line.code),
    Array(RELOADS * 3).fill(0)
  )
  t.equal(await workers.stop(), 0)
})

/**
 * Each successor serves before any worker of the generation before begins to leave, and they start one after the other.
 */
function checkOrder(t: Test, workers: Workers, generation: number): void {
  const [before, after] = [workers.of(generation - 1), workers.of(generation)]
  const lastServes = Math.max(...after.map((pid) => workers.at(pid, 'serving')))
  for (const pid of before) t.ok(workers.at(pid, 'draining') > lastServes, 'nobody leaves before all successors serve')
  const begun = before.map((pid) => workers.at(pid, 'reload-started')).sort((a, b) => a - b)
  const serving = after.map((pid) => workers.at(pid, 'serving')).sort((a, b) => a - b)
  t.ok((begun[1] ?? 0) > (serving[0] ?? 0) && (begun[2] ?? 0) > (serving[1] ?? 0), 'one after the other')
}

t.test('auto: one for each processor', async (t) => {
  const workers = await startWorkers(t, { given: 'auto', count: availableParallelism() })
  t.equal(workers.of(1).length, availableParallelism())
  await workers.met(workers.of(1))
})

t.test('each worker can be asked: all reload, and callers at the same time share one more reload', async (t) => {
  const workers = await startWorkers(t)
  const { server } = workers
  const [one, other, third] = workers.of(1) as [number, number, number]
  const admin = await HttpConnection.open(server.target())
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  const result = JSON.parse(answer.body)
  t.equal(answer.status, 200, answer.body)
  admin.close()
  t.equal(result.workers.length, 3)
  t.match(result, { generation: 2, previous: { generation: 1 }, reason: 'admin route', timings: { boot: Number } })
  const previous = result.workers.map((worker: { previous: { pid: number } }) => worker.previous.pid)
  t.strictSame([...previous].sort(), [one, other, third].sort())
  const pids = await workers.started(2)
  t.strictSame(result.workers.map(({ pid }: { pid: number }) => pid).sort(), [...pids].sort())
  await workers.left(pids)

  const admins = await Promise.all(pids.map((pid) => workers.connectionTo(pid)))
  const answers = await Promise.all(admins.map((one) => one.request({ method: 'POST', path: '/admin/reload' })))
  t.strictSame(
    answers.map(({ body }) => JSON.parse(body).generation).sort(),
    [3, 4, 4],
    'one of them begins a reload, the others get the next one'
  )
  for (const one of admins) one.close()
  await workers.left(await workers.started(4))
  t.equal(workers.of(5).length, 0)
})

t.test('a unix path, a second listener and a pid file belong to all workers', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [path, pidFile] = [join(folder, 'app.sock'), join(folder, 'app.pid')]
  const workers = await startWorkers(t, {
    config: {
      apps: [{ path }, { port: 0, host: '127.0.0.1' }],
      servers: [{ port: 0, host: '127.0.0.1' }],
      options: { pidFile }
    }
  })
  const { server } = workers
  t.equal(readFileSync(pidFile, 'utf8'), `${workers.launcher}\n`)
  const inodes = listeningInodes(workers.launcher)
  t.equal(inodes.length, HAS_PROC ? 3 : 0)
  const check = async (generation: number) => {
    for (const pid of workers.of(generation)) t.strictSame(listeningInodes(pid), inodes)
    await workers.met(workers.of(generation))
    const second = await HttpConnection.open(server.target(1))
    t.match(JSON.parse((await second.request({ path: '/' })).body), { generation })
    second.close()
  }
  await check(1)
  await workers.reload(2)
  await check(2)
  t.equal(readFileSync(pidFile, 'utf8'), `${workers.launcher}\n`)
  t.equal(await workers.stop(), 0)
  t.notOk(existsSync(path))
  t.notOk(existsSync(pidFile))
})

function several<T>(count: number, create: () => T): T[] {
  return Array.from({ length: count }, create)
}

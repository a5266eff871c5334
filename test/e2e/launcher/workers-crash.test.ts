import t from 'tap'
import { FreshClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { Load } from '../../support/load.js'
import type { Line } from '../../support/output.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { FORCIBLE } from '../../support/release.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Workers } from '../../support/workers.js'

t.jobs = 2

/** Makes every process that boots from now on wait for the test before it listens. */
const NEXT = { config: { options: { probation: 50 } } }

/** Waits until a process that was not there before serves; returns its pid. */
async function replaced(workers: Workers, before: number[]): Promise<number> {
  const isNew = ({ pid, fixture }: Line) => fixture === 'started' && !before.includes(pid)
  return (await workers.server.event({ what: `replacement, beside ${before}`, test: isNew })).pid
}

t.test('a killed worker is replaced, and the clients of the others notice nothing', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const [victim, ...others] = workers.of(1) as [number, number, number]
  const steady = await Promise.all(others.map((pid) => workers.connectionTo(pid)))
  const target = server.target()
  process.kill(victim, 'SIGKILL')
  const arrivals = new Load([new FreshClient(target)], { every: 5 })
  const successor = await replaced(workers, workers.of(1).slice(0, 3))
  await workers.met([...others, successor])
  t.strictSame((await arrivals.stop()).failures, [], 'nobody was refused')
  for (const [at, connection] of steady.entries()) {
    t.match(JSON.parse((await connection.request({ path: '/' })).body), { pid: others[at], generation: 1 })
    t.equal(connection.announced, false)
    connection.close()
  }
  await workers.left([...others, successor])
  const next = await workers.reload(2)
  t.equal(next.length, 3)
  t.equal(await workers.stop(), 0)
})

t.test('with all workers killed at once, new clients wait and are not refused', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const before = workers.of(1)
  for (const pid of before) process.kill(pid, 'SIGKILL')
  const waiting = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const connection = await HttpConnection.open(server.target())
      const { status } = await connection.request({ path: '/' })
      connection.close()
      return status
    })
  )
  t.strictSame(waiting, Array(20).fill(200))
  await workers.started(1, 3 + 3)
  await workers.left(workers.of(1).slice(3))
  t.equal(await workers.stop(), 0)
})

t.test('a worker that is told to stop by itself, or stops by itself, is replaced', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const [one, other] = workers.of(1) as [number, number, number]
  const load = new Load([new FreshClient(server.target())], { every: 5 })
  process.kill(one, 'SIGTERM')
  const first = await replaced(workers, workers.of(1).slice(0, 3))
  t.equal((await server.eventOf(one, 'exit')).code, 0)
  await server.tell({ command: 'stop' }, other)
  const second = await replaced(workers, [...workers.of(1).slice(0, 3), first])
  await workers.met([first, second])
  t.strictSame((await load.stop()).failures, [])
  t.equal(await workers.stop(), 0)
})

t.test('a reload does not wait for the pause before a restart', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const victim = workers.of(1)[1] as number
  // Each crash makes the pause twice as long, unless it took so long that the server before it counts as steady.
  let crashed = victim
  const before = [...workers.of(1)]
  for (let times = 1; times <= 5; times++) {
    process.kill(crashed, 'SIGKILL')
    if (times === 5) break
    crashed = await replaced(workers, before)
    before.push(crashed)
  }
  await workers.logged(new RegExp(`server ${crashed} was killed .* starting another one in \\d+ ms`))
  // Not earlier: the requests in progress of a killed process are lost.
  const load = new Load([new FreshClient(server.target())], { every: 5 })
  await server.release.configure({ release: 'B' })
  const result = await reloadThroughRoute(workers)
  t.equal(result.workers.length, 3)
  t.ok(
    result.workers.every(({ generation }) => generation === 2),
    JSON.stringify(result)
  )
  await workers.left(result.workers.map(({ pid }) => pid))
  t.strictSame((await load.stop()).failures, [])
  t.equal(await workers.stop(), 0)
})

async function reloadThroughRoute({
  server
}: Workers): Promise<{ workers: Array<{ pid: number; generation: number }> }> {
  const admin = await HttpConnection.open(server.target())
  const { body } = await admin.request({ method: 'POST', path: '/admin/reload' })
  admin.close()
  return JSON.parse(body)
}

t.test('a stop while a worker is being replaced ends as any other stop', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const [victim] = workers.of(1) as [number]
  process.kill(victim, 'SIGKILL')
  await workers.logged(/starting another one/)
  t.equal(await workers.stop(), 0)
  t.equal(server.events('serving').length, 3)
})

t.test('a stop lets each worker finish its requests in progress', async (t) => {
  const workers = await startWorkers(t, NEXT)
  const { server } = workers
  const pids = workers.of(1)
  const connections = await Promise.all(pids.map((pid) => workers.connectionTo(pid)))
  const held = connections.map((connection, at) => connection.send({ path: `/hold/${at}` }))
  await Promise.all(pids.map((_pid, at) => server.held(String(at))))
  server.signal('SIGTERM', workers.launcher)
  await workers.untilAll(pids, 'draining')
  await t.rejects(HttpConnection.open(server.target()), { name: 'ClientFailure' })
  for (const [at, pid] of pids.entries()) await server.tell({ command: 'release', name: String(at) }, pid)
  for (const [at, { response }] of held.entries()) t.match(JSON.parse((await response).body), { pid: pids[at] })
  t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 0, signal: null })
  t.strictSame(
    pids.map((pid) => server.events((line) => line.pid === pid && line.fixture === 'exit').length),
    [1, 1, 1]
  )
})

for (const how of ['a second stop signal', 'a force signal'] as const) {
  t.test(`${how} ends all workers at once`, async (t) => {
    const workers = await startWorkers(t, { config: { options: FORCIBLE } })
    const { server } = workers
    const pids = workers.of(1)
    const connections = await Promise.all(pids.map((pid) => workers.connectionTo(pid)))
    const held = connections.map((connection, at) => connection.send({ path: `/hold/${at}` }))
    await Promise.all(pids.map((_pid, at) => server.held(String(at))))
    const lost = held.map(({ response }) => t.rejects(response))
    server.signal('SIGTERM', workers.launcher)
    await workers.untilAll(pids, 'draining')
    server.signal(how === 'a force signal' ? 'SIGUSR2' : 'SIGTERM', workers.launcher)
    await Promise.all(lost)
    t.strictSame(await server.waitFor(server.exit, 'end of the launcher'), { code: 1, signal: null })
    await workers.untilAll(pids, 'forced')
  })
}

t.test('a stop in the middle of a rolling reload leaves no process', async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: 60_000 } } })
  const { server } = workers
  const clients = await PersistentClient.openMany(server.target(), 6)
  await Promise.all(clients.map((client) => client.ask()))
  server.signal('SIGHUP', workers.launcher)
  await untilTrue(server, 'two successors', () => workers.of(2).length === 2)
  t.equal(await workers.stop(), 0)
  const reasons = new Set(server.events('draining').map(({ reason }) => reason))
  t.strictSame([...reasons], ['SIGTERM'], 'all leave as in any stop, and nobody gives anything back first')
  for (const client of clients) client.close()
})

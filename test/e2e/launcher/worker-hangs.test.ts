import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { freeze } from '../../support/crowd.js'
import { HAS_PROC } from '../../support/fds.js'
import { untilTrue } from '../../support/tree.js'
import { askOnce, startWorkers, type Who, type Workers } from '../../support/workers.js'

t.jobs = 2

/**
 * What a reload and a stop may take together, with a server that hangs: well below the limit of every wait.
 * Milliseconds.
 */
const LIMITS = { readyTimeout: 20_000, drainTimeout: 2_000, probation: 300 }

const CONNECTIONS = 200

/** Makes a worker stand still for the time of a test. */
const HANGS: Record<string, (t: Test, workers: Workers, pid: number) => Promise<void>> = {
  'is stopped': async (t, workers, pid) => freeze(t, workers, [pid]),
  'blocks its event loop': async (t, { server }, pid) => {
    // When the test has removed the folder, nothing could let it go on.
    t.teardown(() => server.release.write('go', ''))
    await server.tell({ command: 'block', until: 'go' }, pid)
    await server.eventOf(pid, 'blocked')
  }
}

for (const [hangs, hang] of Object.entries(HANGS)) {
  const start = async (t: Test, at: number) => {
    const workers = await startWorkers(t, { count: 2, config: { options: LIMITS } })
    const pids = workers.of(1)
    return { workers, stuck: pids[at] as number, other: pids[1 - at] as number }
  }

  for (const [at, which] of ['first', 'second'].entries()) {
    t.test(
      `a reload ends when the ${which} worker ${hangs}, and the service goes on`,
      { skip: !HAS_PROC },
      async (t) => {
        const { workers, stuck, other } = await start(t, at)
        const { server } = workers
        const admin = await workers.connectionTo(other)
        await hang(t, workers, stuck)
        const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
        admin.close()
        const hasSucceeded = answer.status === 200
        if (hasSucceeded) {
          await workers.left(workers.of(2))
          t.equal(workers.of(2).length, 2)
          await workers.met(workers.of(2))
        } else {
          t.match(JSON.parse(answer.body), { code: /^GRACEFUL_ERR_/, statusCode: answer.status })
          t.match(await askOnce(server), { generation: 1 })
          // The server that hangs may be left alone or replaced. In both cases no successor of the failed reload stays.
          await untilTrue(server, 'end of the successors', () =>
            workers.of(2).every((pid) => !server.alive().includes(pid))
          )
        }
        await workers.stop()
      }
    )
  }

  t.test(`a stop ends when a worker ${hangs}, and the other one finishes its work`, { skip: !HAS_PROC }, async (t) => {
    const { workers, stuck, other } = await start(t, 0)
    const { server } = workers
    const busy = await workers.connectionTo(other)
    const slow = busy.send({ path: '/hold/slow' })
    t.equal(await server.held('slow'), other)
    await hang(t, workers, stuck)
    server.signal('SIGTERM', workers.launcher)
    await server.eventOf(other, 'draining')
    await server.tell({ command: 'release', name: 'slow' }, other)
    t.match(JSON.parse((await slow.response).body), { pid: other })
    busy.close()
    await server.waitFor(server.exit, 'end of the launcher')
    await server.waitFor(server.gone, 'end of all workers')
  })

  for (const [at, which] of ['first', 'second'].entries()) {
    t.test(`new connections are answered when the ${which} worker ${hangs}`, { skip: !HAS_PROC }, async (t) => {
      const { workers, stuck, other } = await start(t, at)
      const target = workers.server.target()
      await hang(t, workers, stuck)
      const pids: number[] = []
      const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(target)))
      t.teardown(() => closeAll(clients))
      for (const client of clients) client.request({ path: '/' }).then(note, () => {})
      function note({ body }: { body: string }) {
        pids.push((JSON.parse(body) as Who).pid)
      }
      const all = () => pids.length === CONNECTIONS
      await untilTrue(workers.server, 'answer to each', all).catch(() => {})
      t.equal(pids.length, CONNECTIONS, `${pids.length} of ${CONNECTIONS} connections are answered`)
      t.strictSame([...new Set(pids)], [other])
    })
  }
}

function closeAll(connections: HttpConnection[]): void {
  for (const connection of connections) connection.close()
}

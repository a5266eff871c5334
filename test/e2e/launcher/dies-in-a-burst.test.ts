import t, { type Test } from 'tap'
import type { Target } from '../../support/connection.js'
import { HttpConnection } from '../../support/connection.js'
import { crowd } from '../../support/crowd.js'
import { HAS_PROC, inodesOfPort } from '../../support/fds.js'
import { untilLeft } from '../../support/tree.js'
import { startWorkers, type Workers } from '../../support/workers.js'

t.jobs = 2

/** How long a process may take to finish its requests after the launcher has died. Milliseconds. */
const DRAIN = 5_000

const settings = { count: 2, config: { options: { drainTimeout: DRAIN } } }

/**
 * Makes connections be on their way through the launcher, or to it, when that dies. Returns what ends their clients.
 */
const BURSTS: Record<string, (t: Test, workers: Workers) => Promise<() => void>> = {
  'to a worker': async (t, workers) => {
    const { others, close } = await crowd(t, workers, 60)
    process.kill(workers.launcher, 'SIGKILL')
    for (const pid of others) process.kill(pid, 'SIGCONT')
    return close
  },
  'to the launcher': async (t, workers) => {
    const { others, close } = await crowd(t, workers, 60)
    process.kill(workers.launcher, 'SIGSTOP')
    const closeMore = await openBusy(workers.server.target(), 100)
    // In two turns of its event loop it has accepted all of them.
    for (let turn = 0; turn < 2; turn++) await workers.server.heard(workers.of(1)[0])
    process.kill(workers.launcher, 'SIGKILL')
    for (const pid of others) process.kill(pid, 'SIGCONT')
    return () => {
      close()
      closeMore()
    }
  },
  'between all of them': async (_t, workers) => {
    const close = await openBusy(workers.server.target(), 300)
    process.kill(workers.launcher, 'SIGKILL')
    return close
  }
}

for (const [where, burst] of Object.entries(BURSTS)) {
  const title = `no worker outlives a launcher that is killed while new connections are on their way ${where}`
  t.test(title, { skip: !HAS_PROC }, async (t) => {
    const workers = await startWorkers(t, settings)
    const { port } = workers.server.target() as { port: number }
    const close = await burst(t, workers)
    try {
      await untilLeft(workers.server, [])
      t.strictSame(inodesOfPort(port), [])
    } finally {
      close()
    }
  })
}

/** Opens connections with a request on each, and waits for no answer. Returns what closes them. */
async function openBusy(target: Target, count: number): Promise<() => void> {
  const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(target)))
  for (const connection of connections) connection.send({ path: '/' })
  return () => {
    for (const connection of connections) connection.close()
  }
}

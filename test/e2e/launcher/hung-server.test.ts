import t, { type Test } from 'tap'
import { FreshClient } from '../../support/clients.js'
import { freeze } from '../../support/crowd.js'
import { Load } from '../../support/load.js'
import { FORCIBLE } from '../../support/release.js'
import { startWorkers, type Workers } from '../../support/workers.js'

t.jobs = 2

const SHORT = { config: { options: { probation: 50, drainTimeout: 1000 } } }

/** Stops the process of the last worker for the time of a test; returns its pid. */
function freezeLast(t: Test, workers: Workers): number {
  const pid = workers.of(1).at(-1) as number
  freeze(t, workers, [pid])
  return pid
}

t.test('a reload replaces the server of a worker that hangs, and the others hand over as ever', async (t) => {
  const workers = await startWorkers(t, SHORT)
  const frozen = freezeLast(t, workers)
  const load = new Load([new FreshClient(workers.server.target())], { every: 20 })
  workers.server.signal('SIGHUP', workers.launcher)
  await workers.logged(new RegExp(`reload \\(SIGHUP\\): server ${frozen} does not answer; killing it`))
  const pids = await workers.started(2)
  await workers.left(pids)
  await workers.met(pids)
  t.strictSame((await load.stop()).failures, [])
  t.equal(await workers.stop(), 0)
})

t.test('a worker that hangs gets no connections, and gets some when it answers again', async (t) => {
  const workers = await startWorkers(t, SHORT)
  const frozen = freezeLast(t, workers)
  await workers.logged(
    new RegExp(`server ${frozen} has not answered for 5000 ms; the launcher gives it no connections until it answers`)
  )
  const clients = Array.from({ length: 30 }, () => new FreshClient(workers.server.target()))
  const load = new Load(clients, { pause: 5 })
  await load.answered(500)
  t.strictSame((await load.stop()).failures, [])
  process.kill(frozen, 'SIGCONT')
  await workers.logged(new RegExp(`server ${frozen} answers again`))
  await workers.met(workers.of(1))
  t.equal(await workers.stop(), 0)
})

t.test('a stop waits for a worker that hangs no longer than its limit', async (t) => {
  const workers = await startWorkers(t, SHORT)
  const frozen = freezeLast(t, workers)
  t.equal(await workers.stop(), 1)
  await workers.logged(new RegExp(`server ${frozen} does not end in time: killing it`))
})

t.test('a forced end does not wait for it', async (t) => {
  const workers = await startWorkers(t, { config: { options: { ...FORCIBLE, drainTimeout: 600_000 } } })
  freezeLast(t, workers)
  t.equal(await workers.stop('SIGUSR2'), 1)
})

import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { countFds, HAS_PROC } from '../../support/fds.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Who, type Workers } from '../../support/workers.js'

const CONNECTIONS = 60

/**
 * Opens many connections while only the first worker runs, which therefore accepts them all. Returns when the launcher has
 * in hand what is more than its share, with the answers to come.
 */
async function crowd(workers: Workers): Promise<{ others: number[]; answers: Array<Promise<Who>>; close: () => void }> {
  const { server, launcher } = workers
  const [, ...others] = workers.of(1) as [number, number, number]
  for (const pid of others) process.kill(pid, 'SIGSTOP')
  // Frozen for good, they would outlive a test that fails.
  t.teardown(() => {
    for (const pid of others.filter((one) => server.alive().includes(one))) process.kill(pid, 'SIGCONT')
  })
  const fds = countFds(launcher)
  const target = server.target()
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(target)))
  const answers = connections.map(async (one) => JSON.parse((await one.request({ path: '/' })).body) as Who)
  await untilTrue(server, 'surplus in the hands of the launcher', () => countFds(launcher) >= fds + CONNECTIONS / 2)
  const close = () => {
    for (const connection of connections) connection.close()
  }
  return { others, answers, close }
}

function largestShare(answers: Who[]): number {
  const pids = answers.map(({ pid }) => pid)
  return Math.max(...pids.map((pid) => pids.filter((other) => other === pid).length))
}

t.test('a worker that accepts all connections keeps its share', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { others, answers, close } = await crowd(workers)
  for (const pid of others) process.kill(pid, 'SIGCONT')
  const largest = largestShare(await Promise.all(answers))
  t.ok(largest <= (CONNECTIONS / 3) * 1.25 + 4, `the largest share is ${largest}`)
  close()
  t.equal(await workers.stop(), 0)
})

t.test('a connection on its way to a worker that dies goes to another one', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { others, answers, close } = await crowd(workers)
  const [victim, other] = others as [number, number]
  process.kill(victim, 'SIGKILL')
  process.kill(other, 'SIGCONT')
  const pids = (await Promise.all(answers)).map(({ pid }) => pid)
  t.equal(pids.length, CONNECTIONS)
  t.notOk(pids.includes(victim))
  close()
  t.equal(await workers.stop(), 0)
})

t.test('what was passed on outlives the one who passed it on', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: 0 } } })
  const { others, answers, close } = await crowd(workers)
  const [first] = workers.of(1) as [number]
  process.kill(first, 'SIGTERM')
  await workers.untilAll([first], 'exit')
  for (const pid of others) process.kill(pid, 'SIGCONT')
  t.equal((await Promise.all(answers)).length, CONNECTIONS)
  close()
  await workers.started(1, 4)
  t.equal(await workers.stop(), 0)
})

import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { countFds, HAS_PROC } from '../../support/fds.js'
import { untilTrue } from '../../support/tree.js'
import { startWorkers, type Who, type Workers } from '../../support/workers.js'

const CONNECTIONS = 60

/** Stops processes that would outlive a test that fails, if they stayed so. */
function freeze(t: Test, { server }: Workers, pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  t.teardown(() => goOn(pids.filter((pid) => server.alive().includes(pid))))
}

function goOn(pids: number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGCONT')
}

async function openMany({ server }: Workers): Promise<HttpConnection[]> {
  const target = server.target()
  return Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(target)))
}

async function ask(connection: HttpConnection): Promise<Who> {
  return JSON.parse((await connection.request({ path: '/' })).body) as Who
}

const askAll = (connections: HttpConnection[]) => Promise.all(connections.map(ask))

const pidsOf = (answers: Who[]) => answers.map(({ pid }) => pid)

/**
 * Opens many connections that only the first worker can accept. Returns when the launcher has got some of them, or lost
 * them again.
 */
async function crowd(t: Test, workers: Workers): Promise<Crowd> {
  const { server, launcher } = workers
  const [first, ...others] = workers.of(1) as [number, number, number]
  freeze(t, workers, others)
  const fds = countFds(launcher)
  const connections = await openMany(workers)
  const answers = askAll(connections)
  let isAnswered = false
  void answers.then(() => {
    isAnswered = true
  })
  await untilTrue(server, 'surplus at the launcher', () => isAnswered || countFds(launcher) > fds)
  return { first, others, connections, answers }
}

interface Crowd {
  first: number
  others: number[]
  connections: HttpConnection[]
  answers: Promise<Who[]>
}

/** Opens new connections until the first worker, which has more than its share, passes on all of so many at once. */
async function untilPassedOn(workers: Workers, first: number): Promise<void> {
  let isOver = false
  const meet = async () => {
    while (!isOver) {
      const connections = await openMany(workers)
      const pids = pidsOf(await askAll(connections))
      for (const connection of connections) connection.close()
      if (!pids.includes(first)) return
    }
  }
  await workers.server.waitFor(meet(), `connections that ${first} passes on`).finally(() => {
    isOver = true
  })
}

t.test(
  'a worker that hangs gets nothing from the others; one with too much passes it on',
  { skip: !HAS_PROC },
  async (t) => {
    const workers = await startWorkers(t)
    const { first, others, connections, answers } = await crowd(t, workers)
    t.strictSame(new Set(pidsOf(await answers)), new Set([first]), 'nobody waited for those that hang')
    goOn(others)
    // The others have had offers by now, and learn that they are too late.
    await untilPassedOn(workers, first)
    t.strictSame(new Set(pidsOf(await askAll(connections))), new Set([first]), 'each connection has kept its owner')
    for (const connection of connections) connection.close()
    t.equal(await workers.stop(), 0)
  }
)

t.test('a launcher that hangs keeps no connection waiting', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { first, others, connections, answers } = await crowd(t, workers)
  await answers
  goOn(others)
  await untilPassedOn(workers, first)
  const fds = countFds(workers.launcher)
  freeze(t, workers, [workers.launcher])
  const late = await openMany(workers)
  const owners = pidsOf(await askAll(late))
  goOn([workers.launcher])
  // It has had offers too, and closes its copies when it learns that it is too late.
  await untilTrue(workers.server, 'end of what the launcher was offered', () => countFds(workers.launcher) <= fds)
  t.strictSame(pidsOf(await askAll(late)), owners, 'each connection has kept its owner')
  for (const connection of [...connections, ...late]) connection.close()
  t.equal(await workers.stop(), 0)
})

t.test('a connection on its way to a worker that dies goes to another one', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { others, connections, answers } = await crowd(t, workers)
  const [victim, other] = others as [number, number]
  process.kill(victim, 'SIGKILL')
  goOn([other])
  const pids = pidsOf(await answers)
  t.equal(pids.length, CONNECTIONS)
  t.notOk(pids.includes(victim))
  for (const connection of connections) connection.close()
  t.equal(await workers.stop(), 0)
})

t.test('what was passed on outlives the one who passed it on', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t, { config: { options: { probation: 0 } } })
  const { first, others, connections, answers } = await crowd(t, workers)
  process.kill(first, 'SIGTERM')
  await workers.untilAll([first], 'exit')
  goOn(others)
  t.equal((await answers).length, CONNECTIONS)
  for (const connection of connections) connection.close()
  await workers.started(1, 4)
  t.equal(await workers.stop(), 0)
})

import t from 'tap'
import { crowd } from '../../support/crowd.js'
import { HAS_PROC } from '../../support/fds.js'
import { startWorkers, type Who } from '../../support/workers.js'

const CONNECTIONS = 60

function largestShare(answers: Who[]): number {
  const pids = answers.map(({ pid }) => pid)
  return Math.max(...pids.map((pid) => pids.filter((other) => other === pid).length))
}

t.test('a worker that accepts all connections keeps its share', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { others, answers, close } = await crowd(t, workers, CONNECTIONS)
  for (const pid of others) process.kill(pid, 'SIGCONT')
  const largest = largestShare(await Promise.all(answers))
  t.ok(largest <= (CONNECTIONS / 3) * 1.25 + 4, `the largest share is ${largest}`)
  close()
  t.equal(await workers.stop(), 0)
})

t.test('a connection on its way to a worker that dies goes to another one', { skip: !HAS_PROC }, async (t) => {
  const workers = await startWorkers(t)
  const { others, answers, close } = await crowd(t, workers, CONNECTIONS)
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
  const { others, answers, close } = await crowd(t, workers, CONNECTIONS)
  const [first] = workers.of(1) as [number]
  process.kill(first, 'SIGTERM')
  await workers.untilAll([first], 'exit')
  for (const pid of others) process.kill(pid, 'SIGCONT')
  t.equal((await Promise.all(answers)).length, CONNECTIONS)
  close()
  await workers.started(1, 4)
  t.equal(await workers.stop(), 0)
})

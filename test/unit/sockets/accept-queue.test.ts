import t from 'tap'
import { emptyQueues, type Queues } from '../../../lib/sockets/accept-queue.js'
import type { Listener } from '../../../lib/sockets/listeners.js'

/** A listener on a port that notes how it is told to listen. */
function listener(): { listener: Listener; backlogs: number[] } {
  const backlogs: number[] = []
  const server = { _handle: { listen: (backlog: number) => backlogs.push(backlog) } }
  const address = { family: 'IPv4', address: '127.0.0.1', port: 80 } as const
  const facts = { key: 'tcp * 80', address, backlog: 511, owner: undefined, index: undefined, activated: false }
  return { listener: { ...facts, server: server as never, path: undefined }, backlogs }
}

/** Queues from which one connection comes in each turn, for as long as there are some. */
function queues(accepting: () => Listener[], count: number, endHere = true): Queues & { turns: number } {
  const all = {
    turns: 0,
    accepting,
    opened: () => Math.min(all.turns, count),
    endHere,
    soon: (callback: () => void) => {
      all.turns += 1
      return setImmediate(callback)
    }
  }
  return all
}

t.test('a queue is empty when a turn brings nothing, and stays as long as it is', async (t) => {
  const { listener: one, backlogs } = listener()
  const few = queues(() => [one], 5)
  await emptyQueues(few)
  t.equal(few.turns, 6)
  t.strictSame(backlogs, [])
})

t.test('where nothing accepts there is nothing to wait for', async (t) => {
  const none = queues(() => [], Number.POSITIVE_INFINITY)
  await emptyQueues(none)
  t.equal(none.turns, 0)
})

t.test('a queue that never gets empty is shortened, if it still accepts then, and given up in the end', async (t) => {
  const [stays, sleeps] = [listener(), listener()]
  const begun = performance.now()
  const accepting = () => (performance.now() - begun < 50 ? [stays.listener, sleeps.listener] : [stays.listener])
  await emptyQueues(queues(accepting, Number.POSITIVE_INFINITY))
  t.strictSame([stays.backlogs, sleeps.backlogs], [[1], []])
})

t.test('the queue of a socket that others have is left as it is', async (t) => {
  const { listener: one, backlogs } = listener()
  await emptyQueues(queues(() => [one], Number.POSITIVE_INFINITY, false))
  t.strictSame(backlogs, [])
})

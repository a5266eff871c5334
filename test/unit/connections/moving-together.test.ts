import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Candidates } from '../../../lib/connections/candidates.js'
import { Migration } from '../../../lib/connections/migration.js'
import { Connections } from '../../../lib/connections/tracker.js'
import { WebSockets } from '../../../lib/connections/websockets.js'
import type { FromGiver, MovingConnection } from '../../../lib/protocol/connection-messages.js'
import { openIdle } from '../../support/moving.js'

/** How many move together at most, when the other process answers in no time. */
const MOST = 8

/** A server with idle connections, which move to a process that this test plays: one that takes no time. */
async function startMoving(t: Test, count: number) {
  t.intercept(performance, 'now', { value: () => 0 })
  const server = createServer((_request, response) => response.end())
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connections = new Connections(server, () => {})
  const clients = await openIdle({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, count)
  const sent: FromGiver[] = []
  const upgraded = new WebSockets(() => {})
  const migration = new Migration({
    candidates: new Candidates([{ index: 0, connections }], upgraded),
    upgraded,
    send: async (message) => sent.push(message),
    timeLeft: () => undefined,
    expectsMore: () => false,
    duration: 0
  })
  const offered = () => sent.filter((message): message is MovingConnection => message.type === 'connection')
  let known = 0
  /** The next ones that are to be answered together. */
  const next = async (): Promise<[MovingConnection, ...MovingConnection[]]> => {
    while (offered().length === known || offered().at(-1)?.rest !== 0) await turn()
    const [first, ...others] = offered().slice(known)
    known = offered().length
    return [first as MovingConnection, ...others]
  }
  const take = ({ id }: MovingConnection, ...others: MovingConnection[]) =>
    migration.heard({ type: 'connection taken', id, noted: false, others: others.map((other) => other.id) })
  // The first one is alone: nobody knows yet how long it will take.
  take(...(await next()))
  /** Waits until so many are left here. */
  const left = async (count: number) => {
    while (connections.size > count) await turn()
    t.equal(connections.size, count)
  }
  return { connections, clients, migration, next, take, left }
}

t.test('connections that move together are answered together', async (t) => {
  const { migration, next, take, left } = await startMoving(t, 1 + MOST + 2)
  const together = await next()
  t.strictSame(
    together.map(({ rest }) => rest),
    [7, 6, 5, 4, 3, 2, 1, 0],
    'each says how many follow'
  )
  await left(MOST + 2)
  take(...together)
  const last = await next()
  t.equal(last.length, 2)
  take(...last)
  await migration.done
  t.equal(migration.migrated, MOST + 3)
  await left(0)
})

t.test('a process of an earlier release answers each by itself', async (t) => {
  const { migration, next, take } = await startMoving(t, 1 + MOST)
  for (const one of await next()) take(one)
  await migration.done
  t.equal(migration.migrated, 1 + MOST)
})

t.test('those that are refused stay, and are read from again', async (t) => {
  const { clients, migration, next, take, left } = await startMoving(t, 1 + MOST)
  const [first, second, ...others] = await next()
  take(first, second as MovingConnection)
  for (const { id } of others) migration.heard({ type: 'connection refused', id })
  await migration.done
  t.equal(migration.migrated, 3)
  await left(MOST - 2)
  while (clients.filter(({ isClosed }) => isClosed).length < 3) await turn()
  const served = clients.filter(({ isClosed }) => !isClosed)
  t.equal(served.length, MOST - 2)
  for (const client of served) t.equal((await client.request({ path: '/' })).status, 200)
})

t.test('a stop with several on their way: each goes on where it has been taken', async (t) => {
  const { migration, next, take, left } = await startMoving(t, 1 + MOST + 3)
  const together = await next()
  migration.stop()
  take(...(together.slice(0, 4) as [MovingConnection]))
  migration.otherGone(false)
  await migration.done
  t.equal(migration.migrated, 5, 'what was taken before the other process ended is not in doubt')
  await left(MOST + 3 - 4)
})

t.test('one whose client leaves on its way is no loss to the others', async (t) => {
  const { connections, migration, next, take, left } = await startMoving(t, 1 + MOST)
  const together = await next()
  for (const socket of [...connections.open].slice(0, 2)) socket.destroy()
  await left(MOST - 2)
  take(...together)
  await migration.done
  await left(0)
  t.equal(migration.migrated, MOST - 1)
})

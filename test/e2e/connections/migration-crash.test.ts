import t from 'tap'
import type { HttpConnection } from '../../support/connection.js'
import type { Exchange } from '../../support/exchange.js'
import { isStopped } from '../../support/fds.js'
import { checkMoved, firstOf, openIdle, openUnused, standingStill, untilAt, untilMoved } from '../../support/moving.js'
import type { Line } from '../../support/output.js'
import { startServer } from '../../support/start.js'
import { untilLeft, untilTrue } from '../../support/tree.js'

const script = 'migration.cjs'
const CONNECTIONS = 100
t.jobs = 2

/** After how many connections have moved the child is killed. */
for (const moved of [1, 7, 40, 90]) {
  t.test(`a child that is killed when ${moved} of ${CONNECTIONS} connections have moved`, async (t) => {
    const server = await startServer(t, {
      script,
      config: { options: { probation: 1000 }, staysOnProbation: true }
    })
    const idle = await openIdle(server.target(), CONNECTIONS / 2)
    const connections = [...idle, ...(await openUnused(server.target(), CONNECTIONS / 2))]
    server.signal('SIGHUP')
    const child = await server.serving(2)
    await untilMoved(server, child, moved)
    process.kill(child, 'SIGKILL')
    // Sent while it is not decided which process will answer.
    const exchanges = connections.map((connection, index) => count(connection, index))
    const outcomes = await Promise.allSettled(exchanges.map(({ response }) => response))
    t.match(await server.eventOf(server.pid, 'rolled-back'), { err: { code: 'GRACEFUL_ERR_ROLLED_BACK' } })

    t.strictSame(
      outcomes.filter(({ status }) => status === 'rejected'),
      []
    )
    await server.heard(server.pid)
    const counted = server.events('counted').map(({ id }) => id)
    t.equal(new Set(counted).size, counted.length, 'no request was answered twice')
    await checkMoved(t, connections, server.pid)

    const [fresh] = (await openIdle(server.target(), 1)) as [HttpConnection]
    server.signal('SIGHUP', server.pid)
    const isNext = (line: Line) => line.graceful === 'handed-over' && line.child !== child
    const next = Number((await server.event({ what: 'next handover', test: isNext })).child)
    await untilAt(server, next, fresh)
    await checkMoved(t, [fresh], next)
    t.equal(await server.stop(), 0)
  })
}

t.test('a stop waits for a child that stands still and wakes up', async (t) => {
  const options = { probation: 60_000, drainTimeout: 10_000 }
  const server = await startServer(t, { script, config: { options, extra: { standStill: true } } })
  const connections = await openIdle(server.target(), 10)
  server.signal('SIGHUP')
  const child = await standingStill(server)
  await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGTERM', server.pid)
  await server.eventOf(server.pid, 'draining')
  process.kill(child, 'SIGCONT')
  t.equal(await server.exitOf(child), 0, 'the child was told to stop too')
  t.equal(await server.exitOf(server.pid), 0)
  const endings = await Promise.all(connections.map(({ closed }) => closed))
  t.strictSame(new Set(endings), new Set(['by the server']))
})

t.test('a stop has a limit for a child that stands still', async (t) => {
  const options = { probation: 60_000, drainTimeout: 500 }
  const server = await startServer(t, { script, config: { options, extra: { standStill: true } } })
  server.signal('SIGHUP')
  await standingStill(server)
  await server.eventOf(server.pid, 'handed-over')
  server.signal('SIGTERM', server.pid)
  t.equal(await server.exitOf(server.pid), 1)
  await untilLeft(server, [])
})

t.test('a child that stands still at the end of its probation is killed, and its parent serves again', async (t) => {
  const server = await startServer(t, {
    script,
    config: { options: { probation: 100, health: false }, extra: { standStill: true } }
  })
  const connections = await openIdle(server.target(), 10)
  server.signal('SIGHUP')
  await standingStill(server)
  const err = { code: 'GRACEFUL_ERR_ROLLED_BACK', message: /did not confirm/ }
  t.match(await server.eventOf(server.pid, 'rolled-back'), { err })
  await checkMoved(t, connections, server.pid)
  t.equal(await server.stop(), 0)
})

t.test('a child that stands still while several are on their way to it, and wakes up', async (t) => {
  const config = { options: { probation: 0, reloadDrainTimeout: 300_000 } }
  const server = await startServer(t, { script, config })
  const connections = [...(await openIdle(server.target(), 200)), ...(await openUnused(server.target(), 200))]
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await untilMoved(server, child, 20)
  process.kill(child, 'SIGSTOP')
  await untilTrue(server, 'a child that stands still', () => isStopped(child))
  const exchanges = connections.map((connection, index) => count(connection, index))
  // What is on its way waits for the child, and the rest does not.
  await firstOf(exchanges, 100)
  process.kill(child, 'SIGCONT')
  const responses = await Promise.all(exchanges.map(({ response }) => response))
  t.ok(responses.every(({ status }) => status === 200))
  t.equal(await server.exitOf(server.pid), 0)
  await server.heard(child)
  const counted = server.events('counted').map(({ id }) => id)
  t.equal(counted.length, connections.length)
  t.equal(new Set(counted).size, counted.length, 'no request was answered twice')
  await checkMoved(t, connections, child)
  t.equal(await server.stop(), 0)
})

t.test('connections in use that cannot move in time are told to close, not cut off', async (t) => {
  // Told at a part of the one limit, cut off at the other.
  const options = { probation: 0, drainTimeout: 10_000, reloadDrainTimeout: 300_000 }
  const server = await startServer(t, { script, config: { options } })
  const connections = await openIdle(server.target(), 10)
  const held = connections.map((connection) => connection.send({ path: '/hold/all' }))
  await server.event({ what: 'last request', test: () => server.events('held').length >= connections.length })
  server.signal('SIGHUP')
  const child = Number((await server.eventOf(server.pid, 'handed-over')).child)
  await server.eventOf(server.pid, 'draining')
  process.kill(child, 'SIGSTOP')
  await server.tell({ command: 'release', name: 'all' }, server.pid)
  let told = 0
  const use = async (connection: HttpConnection, index: number) => {
    await held[index]?.response
    while (!connection.announced && told < connections.length - 1) await connection.request({ path: '/' })
    // One of them may be on its way to the child: that one is answered when the child wakes up.
    if (++told === connections.length - 1) process.kill(child, 'SIGCONT')
  }
  await Promise.all(connections.map(use))
  t.ok(connections.filter(({ announced }) => announced).length >= 9, 'told to close')
  for (const connection of connections) connection.close()
  t.equal(await server.exitOf(server.pid), 0)
  t.strictSame(server.events('forced'), [])
})

function count(connection: HttpConnection, index: number): Exchange {
  return connection.send({ method: 'POST', path: `/count/${index}` })
}

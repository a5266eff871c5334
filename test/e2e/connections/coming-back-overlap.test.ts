import t, { type Test } from 'tap'
import { checkAt, handedOver, rolledBack, untilBack } from '../../support/coming-back.js'
import type { HttpConnection } from '../../support/connection.js'
import type { Exchange } from '../../support/exchange.js'
import { isAlive } from '../../support/fds.js'
import { FOR_EVER } from '../../support/limit.js'
import { openIdle, portsAt, untilAt } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer, WAYS } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

/** What else happens while a child that was taken back still gives connections back. */

const settings: ServerSettings = {
  script: 'migration.cjs',
  config: { options: { probation: 300 }, staysOnProbation: true, fastify: { keepAliveTimeout: FOR_EVER } }
}

/** A child that has given the service back, and still has a request in progress. */
interface Former {
  child: number
  idle: HttpConnection[]
  held: HttpConnection
  exchange: Exchange
}

/** @param standStillUntil - the file until which the child reads nothing that its parent says after the rollback */
async function begin(
  t: Test,
  way: Partial<ServerSettings> = {},
  standStillUntil?: string
): Promise<[TestServer, Former]> {
  const server = await startServer(t, { ...settings, ...way })
  const idle = await openIdle(server.target(), 20)
  const [held] = (await openIdle(server.target(), 1)) as [HttpConnection]
  server.signal('SIGHUP', server.addressee)
  const child = await handedOver(server)
  for (const connection of [...idle, held]) await untilAt(server, child, connection)
  const exchange = held.send({ path: '/hold/former' })
  exchange.response.catch(() => {})
  t.equal(await server.held('former'), child)
  await server.tell({ command: 'rollback', reason: 'bad', ...(standStillUntil && { standStillUntil }) }, child)
  await rolledBack(server)
  return [server, { child, idle, held, exchange }]
}

t.test('in the next reload, what a former child gives back moves on', async (t) => {
  const [server, { child, idle, held, exchange }] = await begin(t)
  server.signal('SIGHUP', server.pid)
  const second = await handedOver(server, 2)
  for (const connection of idle) await untilAt(server, second, connection)
  await server.tell({ command: 'release', name: 'former' }, child)
  t.match(JSON.parse((await exchange.response).body), { pid: child })
  await untilAt(server, second, held)
  t.equal(await server.exitOf(child), 0)
  await checkAt(t, [...idle, held], second)
  await server.heard(second)
  process.kill(second, 'SIGKILL')
  await rolledBack(server, 2)
  await checkAt(t, [...idle, held], server.pid)
  await server.release.configure({ staysOnProbation: false })
  const third = await server.reload()
  await checkAt(t, [...idle, held], third)
  for (const connection of [...idle, held]) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('a former child that crashes while another one is on probation', async (t) => {
  const [server, { child, idle, held, exchange }] = await begin(t)
  for (const connection of idle) await untilBack(server, connection)
  server.signal('SIGHUP', server.pid)
  const second = await handedOver(server, 2)
  for (const connection of idle) await untilAt(server, second, connection)
  process.kill(child, 'SIGKILL')
  await t.rejects(exchange.response)
  t.not(await held.closed, 'by the client')
  await checkAt(t, idle, second)
  await server.tell({ command: 'rollback', reason: 'bad' }, second)
  await rolledBack(server, 2)
  t.equal(await server.exitOf(second), 0)
  await checkAt(t, idle, server.pid)
  for (const connection of idle) connection.close()
  t.equal(await server.stop(), 0)
})

t.test('a child that is killed while it gives its connections back', async (t) => {
  const server = await startServer(t, settings)
  const idle = await openIdle(server.target(), 300)
  for (let round = 1; round <= 5; round++) {
    const before = portsAt(server, server.pid).length
    server.signal('SIGHUP', server.pid)
    const child = await handedOver(server, round)
    // With a request in progress, the child cannot leave before it is killed.
    const [held] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const lost = held.send({ path: `/hold/former-${round}` }).response
    lost.catch(() => {})
    t.equal(await server.held(`former-${round}`), child)
    const hasAll = () => portsAt(server, child).length > idle.length
    await server.event({ what: 'move of all connections', test: hasAll })
    await server.tell({ command: 'rollback', reason: 'bad' }, child)
    const some = before + Math.floor(Math.random() * idle.length)
    await server.event({ what: 'return of some', test: () => portsAt(server, server.pid).length >= some })
    process.kill(child, 'SIGKILL')
    await t.rejects(lost)
    await rolledBack(server, round)
    await untilTrue(server, 'end of the child', () => !isAlive(child))
    await checkAt(t, idle, server.pid)
    t.equal(portsAt(server, server.pid).length, before + idle.length, 'each has come back once')
  }
  for (const connection of idle) connection.close()
  t.equal(await server.stop(), 0)
})

for (const { settings: way, where } of WAYS) {
  t.test(`a stop of the service ends what a former child has, too${where}`, async (t) => {
    const [server, former] = await begin(t, way)
    const parent = server.current
    server.signal('SIGTERM', server.addressee)
    await checkEnd(t, server, parent, former)
  })

  t.test(`and if it reads only then that it has been taken back${where}`, async (t) => {
    const [server, former] = await begin(t, way, 'end of the pause')
    const parent = server.current
    server.signal('SIGTERM', server.addressee)
    await server.eventOf(parent, 'draining')
    await server.release.write('end of the pause', '')
    await checkEnd(t, server, parent, former)
    t.strictSame(server.events('forced'), [])
  })
}

/** The service has been told to stop: idle connections end now, and the held one when its request is answered. */
async function checkEnd(t: Test, server: TestServer, parent: number, former: Former): Promise<void> {
  const { child, idle, held, exchange } = former
  const endings = Promise.all(idle.map(({ closed }) => closed))
  t.strictSame(new Set(await server.waitFor(endings, 'end of the idle connections')), new Set(['by the server']))
  await server.tell({ command: 'release', name: 'former' }, child)
  t.match(await exchange.response, { status: 200 })
  t.equal(await server.waitFor(held.closed, 'end of the connection of the former child'), 'by the server')
  t.equal(await server.exitOf(parent), 0)
  t.equal(await server.exitOf(child), 0)
}

import type { Test } from 'tap'
import type { HttpConnection } from './connection.js'
import { clientPorts } from './fds.js'
import { factsOf, portsAt } from './moving.js'
import type { TestServer } from './server.js'

/**
 * Reloads that are rolled back, and the connections that come back to the first process; the fixture `migration.cjs`.
 */

/** Waits until the child of a reload serves; returns its pid. */
export async function handedOver(server: TestServer, round = 1): Promise<number> {
  const test = () => server.events('handed-over').length >= round
  await server.event({ what: `handover ${round}`, test })
  return Number(server.events('handed-over')[round - 1]?.child)
}

/** Waits until so many reloads have been rolled back. */
export async function rolledBack(server: TestServer, round = 1): Promise<void> {
  await server.event({ what: `rollback ${round}`, test: () => server.events('rolled-back').length >= round })
}

/** Waits until the first process has got a connection for the second time. */
export async function untilBack(server: TestServer, { localPort }: HttpConnection, pid = server.pid): Promise<void> {
  const test = () => portsAt(server, pid).filter((port) => port === localPort).length === 2
  await server.event({ what: `return of the connection from port ${localPort}`, test })
}

/** Checks that each connection is open, was told nothing of a close, and is answered by this process. */
export async function checkAt(t: Test, connections: HttpConnection[], pid: number): Promise<void> {
  const facts = await Promise.all(connections.map((connection) => factsOf(connection)))
  t.strictSame(
    facts.filter((fact, index) => fact.pid !== pid || fact.remotePort !== connections[index]?.localPort),
    [],
    `${connections.length} connections are answered by ${pid}`
  )
  t.notOk(connections.some(({ isClosed, announced }) => isClosed || announced))
}

/** The ports of the clients whose connections the first process has open; the other end of a listener is 0. */
export function portsOf(server: TestServer): number[] {
  const { port } = server.target() as { port: number }
  return clientPorts(server.pid, port).filter((other) => other !== 0)
}

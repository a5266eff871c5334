import type { Test } from 'tap'
import { HttpConnection, type Target } from './connection.js'
import type { Exchange } from './exchange.js'
import { isStopped } from './fds.js'
import type { Response } from './http.js'
import type { Line } from './output.js'
import type { TestServer } from './server.js'
import { untilTrue } from './tree.js'

/** What the route `/connection` of migration.cjs answers. */
export interface ConnectionFacts {
  pid: number
  generation: number
  ip: string
  remotePort?: number
  localPort?: number
  localAddress?: string
  headers: Record<string, string>
  url: string
  /** How many connections the server counts. */
  connections: number
}

/** Opens connections that have sent nothing. */
export function openUnused(target: Target, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(target)))
}

/** Opens connections, uses each once and leaves it idle. */
export async function openIdle(target: Target, count: number): Promise<HttpConnection[]> {
  const connections = await openUnused(target, count)
  await Promise.all(connections.map((connection) => connection.request({ path: '/' })))
  return connections
}

/** What the process at the other end of a connection knows about it. */
export async function factsOf(connection: HttpConnection): Promise<ConnectionFacts> {
  return JSON.parse((await connection.request({ path: '/connection' })).body) as ConnectionFacts
}

/**
 * Reloads and waits until the parent has ended. Returns how many connections the child has then. The result of the
 * reload says how many had moved when it was over, which is a matter of time.
 */
export async function reloadAndCount(server: TestServer): Promise<number> {
  const child = await server.reload()
  await server.heard(child)
  return portsAt(server, child).length
}

/** The ports of the clients whose connections a process of migration.cjs has reported, accepted or moved. */
export function portsAt(server: TestServer, pid: number): unknown[] {
  return server.events((line) => line.fixture === 'connected' && line.pid === pid).map(({ port }) => port)
}

/** Waits until a process of migration.cjs has got so many connections: however slow that is, as long as some come. */
export async function untilMoved(server: TestServer, pid: number, many: number): Promise<void> {
  for (let count = 0; count < many; count = portsAt(server, pid).length) {
    let seen = 0
    const test = (line: Line) => line.fixture === 'connected' && line.pid === pid && ++seen > count
    await server.event({ what: `connection ${count + 1} of ${many}`, test })
  }
}

/** Waits until a process of migration.cjs has got a connection. */
export async function untilAt(server: TestServer, pid: number, { localPort }: HttpConnection): Promise<void> {
  const test = (line: Line) => line.fixture === 'connected' && line.pid === pid && line.port === localPort
  await server.event({ what: `move of the connection from port ${localPort}`, test })
}

/**
 * Checks that each connection is open, was told nothing of a close, and is answered by this process; then closes it.
 */
export async function checkMoved(t: Test, connections: HttpConnection[], pid: number): Promise<void> {
  const facts = await Promise.all(connections.map((connection) => factsOf(connection)))
  const wrong = facts.filter((fact, index) => fact.pid !== pid || fact.remotePort !== connections[index]?.localPort)
  t.strictSame(wrong, [], `${connections.length} connections are answered by ${pid}`)
  t.notOk(
    connections.some(({ isClosed, announced }) => isClosed || announced),
    'none was closed'
  )
  t.strictSame(
    connections.flatMap(({ unsolicited }) => unsolicited),
    []
  )
  for (const connection of connections) connection.close()
}

/** Waits until the child of `migration.cjs` stands still. Its line about that comes a moment earlier. */
export async function standingStill(server: TestServer): Promise<number> {
  const child = (await server.event('standing still')).pid
  await untilTrue(server, 'a child that stands still', () => isStopped(child))
  return child
}

/** Waits until this many of the exchanges are answered; returns their responses. */
export function firstOf(exchanges: Exchange[], count: number): Promise<Response[]> {
  const responses: Response[] = []
  return new Promise((resolve, reject) => {
    for (const { response } of exchanges) {
      response.then((one) => responses.push(one) === count && resolve([...responses]), reject)
    }
  })
}

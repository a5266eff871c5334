import type { Test } from 'tap'
import { HttpConnection, type Target } from './connection.js'
import type { Exchange } from './exchange.js'
import type { Response } from './http.js'
import type { TestServer } from './server.js'

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

/** What the process at the other end of a connection knows of it. */
export async function factsOf(connection: HttpConnection): Promise<ConnectionFacts> {
  return JSON.parse((await connection.request({ path: '/connection' })).body) as ConnectionFacts
}

/** Reloads and waits until the parent is gone; returns how many connections had moved when the reload was done. */
export async function reloadAndCount(server: TestServer): Promise<number> {
  const parent = server.current
  await server.reload()
  const { result } = await server.eventOf(parent, 'reload-succeeded')
  return (result as { migrated: number }).migrated
}

/** Checks that each connection is open, was told nothing of a close, and is answered by this process; then closes it. */
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

/** Waits until this many of the exchanges are answered; returns their responses. */
export function firstOf(exchanges: Exchange[], count: number): Promise<Response[]> {
  const responses: Response[] = []
  return new Promise((resolve, reject) => {
    for (const { response } of exchanges) {
      response.then((one) => responses.push(one) === count && resolve([...responses]), reject)
    }
  })
}

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Target } from './connection.js'
import { within } from './limit.js'

/** Which process of the fixture answers on a server that is not HTTP. */
export interface Greeting {
  pid: number
  generation: number
  release: string
}

/** Connects to a server that is not HTTP; returns its greeting. */
export async function greet(target: Target): Promise<Greeting> {
  const socket = connect(target)
  try {
    const [line] = await within(once(createInterface({ input: socket }), 'line'), 'greeting of the server')
    return JSON.parse(line)
  } finally {
    socket.destroy()
  }
}

/** Below the range from which the system picks a port: https://www.rfc-editor.org/rfc/rfc6335#section-6 */
const PORTS = { first: 10_000, count: 20_000 }
let asked = 0

/**
 * A TCP port of the loopback on which nothing listens, and which the system does not choose itself. Two test files that
 * run at the same time look in different ranges.
 */
export async function freePort(): Promise<number> {
  const port = PORTS.first + ((process.pid * 50 + asked++) % PORTS.count)
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return freePort()
  }
  server.close()
  await once(server, 'close')
  return port
}

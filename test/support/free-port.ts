import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which the system picks a port: https://www.rfc-editor.org/rfc/rfc6335#section-6 */
const PORTS = { first: 10_000, count: 20_000 }

/**
 * A TCP port of the loopback on which nothing listens, and which stays free: the system does not pick it for a listener
 * or a connection, and no other test gets it before this process has ended.
 */
export async function freePort(): Promise<number> {
  const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
  return (await reserve(port)) && (await isUnused(port)) ? port : freePort()
}

/** Holds the UDP port of the same number as a lock among the test files. */
function reserve(port: number): Promise<boolean> {
  return succeeds(once(createSocket('udp4').unref().bind(port, '127.0.0.1'), 'listening'))
}

async function isUnused(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  if (!(await succeeds(once(server, 'listening')))) return false
  server.close()
  await once(server, 'close')
  return true
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false
  )
}

import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Finds a port on which nobody listens. It is below the range from which the system takes ports for clients. Otherwise
 * a client could get the port while the server is down.
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
}

async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

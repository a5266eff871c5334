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

/** A TCP port of the loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

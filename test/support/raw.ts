import { once } from 'node:events'
import { connect } from 'node:net'
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

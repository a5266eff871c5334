import t from 'tap'
import type { ConnectionHandle } from '../../../lib/internals/connection-handle.js'
import { Balancer } from '../../../lib/launcher/balancer.js'
import type { Server } from '../../../lib/launcher/server.js'
import type { FromLauncher } from '../../../lib/protocol/launcher-messages.js'
import { deferred } from '../../../lib/util/deferred.js'

/** A server with one listener, which hears what the launcher says and answers nothing by itself. */
function serverWith(hear: (message: FromLauncher) => void): Server {
  const listener = {}
  const server = {
    isAlive: true,
    listeners: [listener],
    idOf: () => 1,
    tell: hear,
    lend: async (message: FromLauncher) => hear(message)
  }
  return server as unknown as Server
}

/** Passes one connection to a launcher. */
function passOn(balancer: Balancer, from: Server, close: () => void): void {
  balancer.heard(from, { type: 'surplus', id: 1, listener: 1, count: 9 }, { close } as ConnectionHandle)
  balancer.heard(from, { type: 'surplus released', id: 1 }, undefined)
}

t.test('a connection that has waited for too long is closed when a server that hangs has not taken it', async (t) => {
  const offered = deferred<void>()
  const closed = deferred<void>()
  const server = serverWith(({ type }) => type === 'connection' && offered.resolve())
  // It is over while the connection is on its way to the server, which has half a second to answer.
  const balancer = new Balancer(() => [server], 1)
  passOn(balancer, server, closed.resolve)
  await offered.promise
  await closed.promise
  t.pass('closed')
})

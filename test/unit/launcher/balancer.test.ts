import t from 'tap'
import type { ConnectionHandle } from '../../../lib/internals/connection-handle.js'
import { Balancer } from '../../../lib/launcher/balancer.js'
import type { Server } from '../../../lib/launcher/server.js'
import type { FromLauncher } from '../../../lib/protocol/launcher-messages.js'
import { deferred } from '../../../lib/util/deferred.js'

const LISTENER = {}

/** A server with one listener, which answers nothing by itself. `hear`: what the launcher says; it can be unsendable. */
function serverWith(hear: (message: FromLauncher) => void): Server {
  const server = {
    isAlive: true,
    listeners: [LISTENER],
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
  const balancer = new Balancer(1)
  balancer.update([server])
  passOn(balancer, server, closed.resolve)
  await offered.promise
  await closed.promise
  t.pass('closed')
})

t.test('a server takes a connection, and the launcher closes its copy when the release is sent', async (t) => {
  const said: string[] = []
  const closed = deferred<void>()
  const taker = serverWith((message) => {
    if (message.type !== 'fair share') said.push(message.type)
    if (message.type !== 'connection') return
    setImmediate(() =>
      balancer.heard(taker, { type: 'connection taken', id: message.id, taken: true, count: 1 }, undefined)
    )
  })
  const giver = serverWith(() => {})
  const balancer = new Balancer()
  balancer.update([giver, taker])
  passOn(balancer, giver, closed.resolve)
  await closed.promise
  t.strictSame(said, ['connection', 'connection released'])
})

t.test('a connection goes to a server that refuses it, and then to another one', async (t) => {
  const taken = deferred<void>()
  const refuser = serverWith((message) => {
    if (message.type !== 'connection') return
    setImmediate(() =>
      balancer.heard(refuser, { type: 'connection taken', id: message.id, taken: false, count: 0 }, undefined)
    )
  })
  const other = serverWith(({ type }) => type === 'connection' && taken.resolve())
  const giver = serverWith(() => {})
  const balancer = new Balancer()
  balancer.update([refuser, other])
  passOn(balancer, giver, () => t.fail('closed'))
  await taken.promise
  t.pass('offered to the other one')
})

t.test('a connection waits for the successor of a server whose channel has ended', async (t) => {
  const offered = deferred<void>()
  const failed = deferred<void>()
  const dead = serverWith(({ type }) => {
    if (type !== 'connection') return
    setImmediate(failed.resolve)
    throw new Error('the channel is closed')
  })
  const balancer = new Balancer()
  balancer.update([dead])
  passOn(balancer, dead, () => t.fail('closed'))
  await failed.promise
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  const successor = serverWith(({ type }) => type === 'connection' && offered.resolve())
  Object.assign(dead, { isAlive: false })
  balancer.update([successor])
  await offered.promise
  t.pass('offered to the successor')
})

t.test('after a stall, the wait of a connection is over when what has come has been read', async (t) => {
  const first = deferred<string>()
  const balancer = new Balancer(1)
  balancer.update([])
  passOn(
    balancer,
    serverWith(() => {}),
    () => first.resolve('closed')
  )
  const late = serverWith(({ type }) => type === 'connection' && first.resolve('offered'))
  // The timer fires first, and the message of the server is read after it.
  setImmediate(() => balancer.update([late]))
  for (const until = performance.now() + 5; performance.now() < until; );
  t.equal(await first.promise, 'offered')
})

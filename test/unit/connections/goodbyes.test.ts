import type { Socket } from 'node:net'
import t from 'tap'
import { Goodbyes } from '../../../lib/connections/goodbyes.js'
import type { WebSockets } from '../../../lib/connections/websockets.js'

const sockets = (count: number) => Array.from({ length: count }, (_, index) => ({ index }) as unknown as Socket)

/** Goodbyes to sockets, some of which cannot get them yet. */
function goodbyes(window: number, isAnswered: (socket: Socket) => boolean = () => true) {
  const upgraded = { close: (socket: Socket) => isAnswered(socket) } as Partial<WebSockets> as WebSockets
  return new Goodbyes({ upgraded, window, code: 1012, reason: '' })
}

t.test('without a window all are told at once', async (t) => {
  t.equal(goodbyes(0).tell(sockets(1000)).length, 1000)
})

t.test('with one, a share in each turn', async (t) => {
  // Twenty turns, however late this one is.
  const told = goodbyes(2 ** 30).tell(sockets(1000)).length
  t.equal(told, 5, 'and not fewer than a few')
  t.ok(goodbyes(500).tell(sockets(1000)).length >= 100)
})

t.test('sockets that cannot get the goodbye yet do not delay it for the others', async (t) => {
  const all = sockets(20)
  const told = goodbyes(2 ** 30, (socket) => all.indexOf(socket) >= 10).tell(all)
  t.strictSame(told, all.slice(10, 15))
})

import t from 'tap'
import { stateOf } from '../../../lib/connections/state-of-websocket.js'
import type { Consent } from '../../../lib/connections/websocket-routes.js'
import type { WebSocket } from '../../../lib/internals/websocket.js'

const webSocket = {} as WebSocket
const request = {} as Consent['request']
const ask = (move: Consent['move']) => stateOf({ move, isExplicit: true, request }, webSocket)

t.test('a state goes along as it is at the moment of the move', async (t) => {
  const state = { seen: [1, 2], since: new Map([['a', { b: 1n }]]) }
  const packed = ask((...given) => {
    t.strictSame(given, [webSocket, request])
    return state
  })
  state.seen.push(3)
  t.strictSame(packed, { state: { seen: [1, 2], since: new Map([['a', { b: 1n }]]) } })
  t.strictSame(
    ask(() => null),
    { state: null }
  )
  t.strictSame(ask(true), { state: undefined })
})

t.test('what cannot go along has a reason, unless the route wants it so', async (t) => {
  const error = (move: Consent['move']) => (ask(move) as { error: Error | undefined }).error
  t.equal(
    error(() => undefined),
    undefined
  )
  t.match(
    error(() => {
      throw new Error('no idea')
    }),
    { message: 'no idea' }
  )
  t.match(
    error(() => ({ next: () => 1 })),
    { message: /^state\.next is a function/ }
  )
  t.match(
    error(async () => 1),
    { message: /promise/ }
  )
  // An unhandled rejection would end the process.
  t.match(
    error(() => Promise.reject(new Error('later'))),
    { message: /promise/ }
  )
})

import Fastify, { type FastifyRequest, type RouteOptions } from 'fastify'
import t from 'tap'

import graceful = require('../../../lib/index.js')

import { consentOf } from '../../../lib/connections/websocket-routes.js'

const BAD: ReadonlyArray<readonly [said: unknown, message: RegExp]> = [
  [true, /option config\.graceful of route \/v1\/chat must be an object with move, received true$/],
  [null, /config\.graceful of route \/v1\/chat must be an object with move, received null$/],
  [{ moves: true }, /unknown option config\.graceful\.moves of route .*; did you mean move\? Known options: move$/],
  [{ move: 'yes' }, /config\.graceful\.move of route \/v1\/chat must be true, false or a function, received 'yes'$/],
  [{ move: null }, /must be true, false or a function, received null$/]
]

t.test('a bad config.graceful is refused when the route is registered, by the name of the route', async (t) => {
  for (const [said, message] of BAD) {
    const app = Fastify()
    app.register(graceful)
    app.register(
      async (scope) => {
        scope.get('/chat', { config: { graceful: said as object } }, async () => '')
      },
      { prefix: '/v1' }
    )
    await t.rejects(async () => app.ready(), { code: 'GRACEFUL_ERR_INVALID_OPTION', message }, JSON.stringify(said))
  }
})

t.test('a good one is not, and costs a route that has no WebSocket nothing', async (t) => {
  const app = Fastify()
  const routes: RouteOptions[] = []
  app.register(graceful)
  app.addHook('onRoute', (route) => void routes.push(route))
  app.register(async (scope) => {
    for (const move of [true, false, undefined, () => 1])
      scope.get(`/${String(move)}`, { config: { graceful: { move } } as object }, async () => '')
  })
  await app.ready()
  t.equal(routes.filter(({ method }) => method === 'GET').length, 4)
  t.ok(routes.every(({ preHandler }) => preHandler === undefined))
  await app.close()
})

t.test('what a route says goes before what the option says', async (t) => {
  const request = (graceful?: unknown) => ({ routeOptions: { config: { graceful } } }) as FastifyRequest
  const state = () => 1
  for (const isDefault of [true, false]) {
    t.match(consentOf(request({ move: true }), isDefault), { move: true, isExplicit: true })
    t.match(consentOf(request({ move: state }), isDefault), { move: state, isExplicit: true })
    t.equal(consentOf(request({ move: false }), isDefault), undefined)
    // Put there later than it could be checked, by a hook of the app.
    t.equal(consentOf(request({ move: 'yes' }), isDefault), undefined)
  }
  for (const silent of [undefined, {}, { move: undefined }]) {
    t.match(consentOf(request(silent), true), { move: true, isExplicit: false })
    t.equal(consentOf(request(silent), false), undefined)
  }
})

import Fastify from 'fastify'
import t from 'tap'
import { routePattern } from '../../../lib/connections/route-pattern.js'

/** Each with requests that go there, and the pattern that is reported. */
const ROUTES: Record<string, Array<[url: string, told: string | null]>> = {
  '/': [['/?token=secret', '/']],
  '/reports/slow': [['/reports/slow#x', '/reports/slow']],
  '/users/:id': [
    ['/users/42?q=1', '/users/:id'],
    ['/users/s%C3%A9cret', '/users/:id'],
    // The value also stands where no parameter is.
    ['/users/u', '/users/:id'],
    ['/users/users', '/users/:id']
  ],
  '/:tenant/mine/:id': [
    ['/mine/mine/mine', '/:tenant/mine/:id'],
    ['/m/mine/e', '/:tenant/mine/:id']
  ],
  '/files/*': [['/files/a/secret/b', '/files/*']],
  '/at/:hour(^\\d{2})h:minute(^\\d{2})m': [['/at/08h24m', null]],
  '/image/:name.:ending': [['/image/secret.png', '/image/:name.:ending']],
  '/numbers/:n(^\\d+)': [['/numbers/7', '/numbers/:n']]
}

t.test('the pattern of a route, and nothing that a client has put into its place', async (t) => {
  const app = Fastify()
  for (const route of Object.keys(ROUTES)) app.get(route, async () => '')
  app.get('/host', { constraints: { host: 'a.example' } }, async () => '')
  await app.ready()
  for (const [url, told] of Object.values(ROUTES).flat()) t.equal(routePattern(app, 'GET', url), told, url)
  for (const url of ['/nowhere/secret', '/reports/slow;secret', '/users/%E0%A4%A', '', '*', '//', '/host'])
    t.equal(routePattern(app, 'GET', url), null, url)
  t.equal(routePattern(app, 'POST', '/users/42'), null)
  t.equal(routePattern(app, 'BREW', '/users/42'), null)
  await app.close()
})

t.test('a router that tells nothing, or something wrong', async (t) => {
  t.equal(routePattern({}, 'GET', '/users/42'), null)
  const findRoute = () => ({ params: { id: '4' } })
  t.equal(routePattern({ findRoute }, 'GET', '/users/42'), null)
  const failing = () => {
    throw new Error('not now')
  }
  t.equal(routePattern({ findRoute: failing }, 'GET', '/users/42'), null)
})

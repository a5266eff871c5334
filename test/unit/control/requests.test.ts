import t from 'tap'
import { methodsOf, REQUESTS, reasonIn, requestNameOf } from '../../../lib/control/requests.js'

t.test('the path and method of a request name what it asks for', async (t) => {
  for (const request of REQUESTS) {
    const [method = '', path = ''] = request.split(' ')
    t.equal(requestNameOf(method, path, undefined), path.slice(1))
    t.equal(requestNameOf(method, `${path}?a=b`, '2'), path.slice(1))
    t.ok(methodsOf(path).includes(method))
  }
  for (const path of ['/', '', '*', '/status/', '//status', '/STATUS', '/__proto__', '/constructor', 'toString']) {
    t.throws(() => requestNameOf('GET', path, undefined), { code: 'GRACEFUL_ERR_UNKNOWN_PATH' }, path)
    t.strictSame(methodsOf(path), [])
  }
  t.throws(() => requestNameOf('get', '/status', undefined), { code: 'GRACEFUL_ERR_BAD_METHOD' })
  for (const version of ['1', '3', '2.0', 'x'.repeat(1000)])
    t.throws(() => requestNameOf('GET', '/status', version), {
      ...{ code: 'GRACEFUL_ERR_CONTROL_VERSION', message: /^.{0,300}$/ }
    })
})

t.test('its reason', async (t) => {
  const read = (body: string) => reasonIn(Buffer.from(body), 'none')
  t.equal(read(''), 'none')
  t.equal(read('{}'), 'none')
  t.equal(read(' {"reason": "é"} '), 'é')
  for (const blank of ['', ' ', '\\n\\t']) t.equal(read(`{"reason":"${blank}"}`), 'none', 'one that says nothing')
  for (const body of [
    ' ',
    'null',
    '1',
    '"x"',
    '[]',
    '{"reason":null}',
    '{"reason":{}}',
    '{"a":1}',
    '{"reason":"x"',
    '{"__proto__":1}'
  ])
    t.throws(() => read(body), { code: 'GRACEFUL_ERR_BAD_REQUEST', statusCode: 400 }, body)
})

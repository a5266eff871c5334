import { createSecretKey, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHistogram } from 'node:perf_hooks'
import { deserialize, serialize } from 'node:v8'
import { createContext, runInContext } from 'node:vm'
import t from 'tap'
import { findObstacle } from '../../../lib/reload/state-check.js'
import { PACKAGE_ROOT } from '../../support/release.js'

class Counter {
  readonly hits = 3
}

class Private {
  readonly #hits = 3
  get hits() {
    return this.#hits
  }
}

const circular: Record<string, unknown> = { list: [] }
circular.list = [circular]

let long: object = {}
for (let index = 0; index < 100_000; index++) long = { next: long }

const WHOLE: Record<string, unknown> = {
  nothing: undefined,
  primitives: [null, undefined, 0, -0, Number.NaN, '', true, 2n ** 64n],
  'an empty object': {},
  'an object without a prototype': Object.create(null),
  'an object of another context': runInContext('({ a: {}, b: [], c: new Map() })', createContext()),
  collections: {
    map: new Map<unknown, unknown>([[{}, new Set([1, [new Date(0)]])]]),
    empty: [new Map(), new Set(), []]
  },
  bytes: [
    Buffer.alloc(2),
    new Uint8Array(2),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(1)),
    new Float64Array(0)
  ],
  others: [new Date(0), /x/g, new Error('x', { cause: new TypeError('y') }), Object(1), Object('a'), Object(1n)],
  'an instance with properties': new Counter(),
  circular
}

for (const [what, value] of Object.entries(WHOLE)) {
  t.test(`passes: ${what}`, async (t) => {
    t.equal(findObstacle(value), undefined)
    t.doesNotThrow(() => deserialize(serialize(value)))
  })
}

t.test('a long list is looked through, all of it', async (t) => {
  t.equal(findObstacle(long), undefined)
})

const BROKEN: Array<[path: string, why: RegExp, state: () => unknown]> = [
  ['state', /is a function/, () => () => {}],
  ['state.users[3].key', /is a \w*KeyObject/, () => ({ users: [0, 1, 2, { key: createSecretKey(Buffer.alloc(8)) }] })],
  ['state.blob', /is a Blob/, () => ({ blob: new Blob(['x']) })],
  ['state.latency', /is a |is a function/, () => ({ latency: createHistogram() })],
  ['state[0]', /is a MessagePort/, () => [new MessageChannel().port1]],
  ['state["a b"]', /is a URL/, () => ({ 'a b': new URL('http://localhost') })],
  ['state.certificate', /is a X509Certificate/, () => ({ certificate: certificate() })],
  ['state.get("x").y', /is a Headers/, () => new Map([['x', { y: new Headers({ a: 'b' }) }]])],
  ['state.get(1n)', /is a symbol/, () => new Map([[1n, Symbol('x')]])],
  ['state.seen (an element of this Set)', /is a Private/, () => ({ seen: new Set([new Private()]) })],
  ['state (a key of this Map)', /is a WeakMap/, () => new Map([[new WeakMap(), 1]])],
  ['state.shared', /is shared memory/, () => ({ shared: new Uint8Array(new SharedArrayBuffer(1)) })],
  ['state.p', /is a Promise/, () => ({ p: Promise.resolve() })],
  ['state.proxy', /is a proxy/, () => ({ proxy: new Proxy({ a: 1 }, {}) })],
  ['state.cause', /is a function/, () => new Error('x', { cause: () => {} })],
  ['state.generator', /is a/, () => ({ generator: (function* () {})() })]
]

for (const [path, why, state] of BROKEN) {
  t.test(`is found: ${path}`, async (t) => t.match(findObstacle(state()), { path, why }))
}

t.test('is found: a CryptoKey', async (t) => {
  const key = await webcrypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt'])
  t.match(findObstacle({ key }), { path: 'state.key', why: /is a CryptoKey/ })
})

t.test('is found: a getter that throws', async (t) => {
  const state = Object.defineProperty({}, 'hidden', {
    enumerable: true,
    get: () => {
      throw new Error('not for others')
    }
  })
  t.strictSame(findObstacle({ state }), { path: 'state.state', why: 'cannot be read: not for others' })
})

function certificate(): X509Certificate {
  return new X509Certificate(readFileSync(join(PACKAGE_ROOT, 'test/fixtures/certificates/first.pem')))
}

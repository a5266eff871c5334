import { runInNewContext } from 'node:vm'
import t from 'tap'
import { toError } from '../../../lib/util/to-error.js'

class Told {
  toString(): string {
    return 'told'
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hidden = {
  get [Symbol.toStringTag](): string {
    throw new Error('hidden')
  }
}

t.test('an error stays what it is, also one of another realm', async (t) => {
  for (const error of [new Error('here'), new TypeError(''), runInNewContext("new RangeError('there')")])
    t.equal(toError(error), error)
})

t.test('whatever is thrown has a text, and no stack of this package', async (t) => {
  const values: Array<[unknown, string]> = [
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [0, '0'],
    [Symbol('boom'), 'Symbol(boom)'],
    [{ code: 'X', detail: { deep: 5 } }, "{ code: 'X', detail: [Object] }"],
    [Object.create(null), '[Object: null prototype] {}'],
    [new Told(), 'told'],
    [revoked(), 'a value that cannot be shown'],
    [hidden, 'a value that cannot be shown'],
    [Object.assign(new Error(), { message: Symbol('boom') }), 'Symbol(boom)']
  ]
  for (const [value, message] of values) {
    const error = toError(value)
    t.equal(error.message, message)
    t.notMatch(error.stack, /to-error/)
  }
})

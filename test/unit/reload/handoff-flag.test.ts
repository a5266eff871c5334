import t, { type Test } from 'tap'
import { PROTOCOL_VERSION } from '../../../lib/protocol/messages.js'
import {
  decodeHandoff,
  encodeHandoff,
  encodeLaunch,
  type HandoffListener,
  spareOf
} from '../../../lib/reload/handoff-flag.js'

const SECRET = 'only-these-two-know'

const listeners: HandoffListener[] = [
  { fd: 3, key: 'tcp * 3000', address: { family: 'IPv6', address: '::', port: 3000 } },
  { fd: 4, key: 'tcp 127.0.0.1 0', address: { family: 'IPv4', address: '127.0.0.1', port: 40_001 } },
  { fd: 5, key: 'unix /run/app "1".sock', address: { path: '/run/app "1".sock' } },
  { fd: 6, key: 'unix \0abstract', address: { path: '\0abstract' } }
]
const good = JSON.parse(encodeHandoff(4711, 2, SECRET, listeners))

t.test('what is encoded is decoded', async (t) => {
  t.strictSame(decodeHandoff(encodeHandoff(4711, 2, SECRET, listeners)), {
    version: PROTOCOL_VERSION,
    parent: 4711,
    generation: 2,
    secret: SECRET,
    listeners
  })
  t.strictSame(decodeHandoff(encodeHandoff(4711, 2, SECRET, listeners, [7, 9])).descriptors, [7, 9])
  t.notMatch(encodeHandoff(4711, 2, SECRET, listeners), '\0', 'no zero byte can be in an environment')
})

const texts: Record<string, RegExp> = {
  '': /is not JSON/,
  '{"version":1': /is not JSON/,
  undefined: /is not JSON/,
  null: /is not an object/,
  '1': /is not an object/,
  '"text"': /is not an object/,
  '[]': /has version undefined/
}

t.test('what a launcher wants to be closed is a descriptor, or nothing', async (t) => {
  const flag = encodeLaunch(4711, 2, SECRET, listeners, { spare: 1024 })
  t.equal(spareOf(flag), 1024)
  t.match(decodeHandoff(flag), { launched: true, spare: 1024 })
  for (const spare of [undefined, 2, -1, 1.5, '7', null]) t.equal(spareOf(JSON.stringify({ spare })), undefined)
  t.equal(spareOf(undefined), undefined)
})

t.test('text that is no handoff is refused', async (t) => {
  for (const [text, message] of Object.entries(texts))
    t.throws(() => decodeHandoff(text), { code: 'GRACEFUL_ERR_BAD_HANDOFF', statusCode: 500, message }, text)
  t.type(catchError(() => decodeHandoff('{'))?.cause, SyntaxError)
})

const changes: Array<[change: object, message: RegExp]> = [
  [{ version: 0 }, new RegExp(`has version 0, and this release understands ${PROTOCOL_VERSION}`)],
  [{ version: '1' }, /has version "1"/],
  [{ version: undefined }, /has version undefined/],
  [{ launched: true, launcherVersion: 4 }, /a launcher with version 4, and this release understands 3; restart the/],
  [{ launched: true, launcherVersion: '3' }, /a launcher with version "3"/],
  [{ parent: 0 }, /names no parent/],
  [{ parent: '4711' }, /names no parent/],
  [{ parent: -1 }, /names no parent/],
  [{ parent: 1.5 }, /names no parent/],
  [{ generation: 1 }, /names no generation/],
  [{ generation: null }, /names no generation/],
  [{ secret: undefined }, /names no secret/],
  [{ secret: '' }, /names no secret/],
  [{ secret: 1 }, /names no secret/],
  [{ listeners: undefined }, /names no listeners/],
  [{ listeners: {} }, /names no listeners/],
  [{ listeners: [] }, /names no listeners/],
  [{ listeners: [null] }, /malformed listener at index 0/],
  [{ descriptors: 7 }, /has malformed descriptors/],
  [{ descriptors: [2] }, /has malformed descriptors/],
  [{ descriptors: ['7'] }, /has malformed descriptors/],
  [{ descriptors: [7, 4] }, /names a file descriptor twice/],
  [{ listeners: [listeners[0], listeners[0]] }, /names a file descriptor twice/]
]

const malformed: object[] = [
  { fd: 2 },
  { fd: 0 },
  { fd: -1 },
  { fd: 3.5 },
  { fd: '3' },
  { key: undefined },
  { key: 3000 },
  { address: undefined },
  { address: null },
  { address: '127.0.0.1:3000' },
  { address: {} },
  { address: { path: 5 } },
  { address: { family: 'IPv5', address: '::', port: 1 } },
  { address: { family: 'IPv4', address: 1, port: 1 } },
  { address: { family: 'IPv4', address: '127.0.0.1', port: 0 } },
  { address: { family: 'IPv4', address: '127.0.0.1', port: '80' } }
]

t.test('a handoff with a part that makes no sense is refused, and the message says which', async (t) => {
  for (const [change, message] of changes) refuses(t, { ...good, ...change }, message)
  for (const change of malformed)
    refuses(t, { ...good, listeners: [listeners[0], { ...listeners[1], ...change }] }, /malformed listener at index 1$/)
})

function refuses(t: Test, value: object, message: RegExp): void {
  const text = JSON.stringify(value)
  t.throws(() => decodeHandoff(text), { code: 'GRACEFUL_ERR_BAD_HANDOFF', message }, text)
}

function catchError(action: () => void): Error | undefined {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  return undefined
}

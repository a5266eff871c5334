import t from 'tap'
import { decodeActivation, fitness, isInTheWay } from '../../../lib/sockets/activation-match.js'
import type { BoundAddress } from '../../../lib/sockets/listener-key.js'

const tcp = (address: string, port = 3000): BoundAddress => ({
  family: address.includes(':') ? 'IPv6' : 'IPv4',
  address,
  port
})

t.test('the variables are read by the process that they are meant for', async (t) => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'web' }
  t.strictSame(decodeActivation(env, 7), [
    { fd: 3, name: 'web' },
    { fd: 4, name: 'unknown' }
  ])
  t.strictSame(decodeActivation(env, 8), [])
  t.strictSame(decodeActivation({ LISTEN_FDS: '2' }, 7), [])
  for (const LISTEN_FDS of ['', 'two', '-1', '1.5', '99999', undefined])
    t.throws(() => decodeActivation({ LISTEN_PID: '7', LISTEN_FDS }, 7), RangeError)
})

t.test('a socket is what a listener asks for by its address', async (t) => {
  const cases: Array<[key: string, address: BoundAddress, fitness: number]> = [
    ['tcp 127.0.0.1 3000', tcp('127.0.0.1'), 2],
    ['tcp 127.0.0.1 3000', tcp('127.0.0.1', 3001), 0],
    ['tcp 127.0.0.1 3000', tcp('127.0.0.2'), 0],
    ['tcp 127.0.0.1 3000', tcp('0.0.0.0'), 0],
    ['tcp localhost 3000', tcp('127.0.0.1'), 2],
    ['tcp localhost 3000', tcp('::1'), 2],
    ['tcp localhost 3000', tcp('::'), 0],
    ['tcp 0:0:0:0:0:0:0:1 3000', tcp('::1'), 2],
    ['tcp fe80::1%eth0 3000', tcp('fe80::1'), 2],
    ['tcp * 3000', tcp('::'), 2],
    ['tcp * 3000', tcp('0.0.0.0'), 1],
    ['tcp 0.0.0.0 3000', tcp('0.0.0.0'), 2],
    ['tcp 0.0.0.0 3000', tcp('::'), 1],
    ['tcp * 3000', tcp('127.0.0.1'), 0],
    ['tcp example.org 3000', tcp('127.0.0.1'), 0],
    ['tcp * 0', tcp('::', 0), 0],
    ['unix /run/a b.sock', { path: '/run/a b.sock' }, 1],
    ['unix /run/./a.sock', { path: '/run/a.sock' }, 1],
    ['unix /run/a.sock', { path: '/run/b.sock' }, 0],
    ['unix \0name', { path: '\0name' }, 1],
    ['unix \0name', { path: 'name' }, 0],
    ['unix /run/a.sock', tcp('::'), 0],
    ['tcp * 3000', { path: '/run/a.sock' }, 0],
    ['fd 3', tcp('::'), 0]
  ]
  for (const [key, address, expected] of cases)
    t.equal(fitness(key, address), expected, `${key} ${JSON.stringify(address)}`)
})

t.test('what cannot be bound beside a socket is known', async (t) => {
  t.ok(isInTheWay('tcp localhost 3000', tcp('::')))
  t.ok(isInTheWay('tcp example.org 3000', tcp('0.0.0.0')))
  t.ok(isInTheWay('tcp * 3000', tcp('127.0.0.1')))
  t.notOk(isInTheWay('tcp 127.0.0.1 3000', tcp('127.0.0.2')))
  t.notOk(isInTheWay('tcp localhost 3001', tcp('::')))
  t.notOk(isInTheWay('tcp * 0', tcp('::')))
  t.notOk(isInTheWay('unix /run/a.sock', tcp('::')))
})

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ListenOptions } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formatAddress, isEphemeral, listenerKey, sameAddress } from '../../../lib/sockets/listener-key.js'

const keys: Array<[target: object, key: string | undefined]> = [
  [{}, 'tcp * 0'],
  [{ port: 0 }, 'tcp * 0'],
  [{ port: undefined }, 'tcp * 0'],
  [{ port: null }, 'tcp * 0'],
  [{ port: 3000 }, 'tcp * 3000'],
  [{ port: '3000' }, 'tcp * 3000'],
  [{ port: 3000, host: '' }, 'tcp * 3000'],
  [{ port: 3000, host: '::' }, 'tcp :: 3000'],
  [{ port: 3000, host: 'localhost' }, 'tcp localhost 3000'],
  [{ port: 3000, path: '/a.sock' }, 'tcp * 3000'],
  [{ path: '/a.sock' }, 'unix /a.sock'],
  [{ path: '\0abstract' }, 'unix \0abstract'],
  [{ fd: 7 }, 'fd 7'],
  [{ fd: 7, port: 3000 }, 'fd 7'],
  [{ fd: -1, port: 3000 }, 'tcp * 3000'],
  [{ path: '' }, undefined],
  [{ host: 'localhost' }, undefined],
  [{ _handle: {} }, undefined]
]

t.test('the key of a listener is the address that was asked for', async (t) => {
  for (const [target, key] of keys) t.equal(listenerKey(target), key, JSON.stringify(target))
})

const folder = mkdtempSync(join(tmpdir(), 'graceful-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'a.sock')

const targets: object[] = [
  { port: 0 },
  { port: '0' },
  { port: null },
  { port: undefined },
  { path },
  { port: 0, path },
  { port: null, path },
  { port: undefined, path },
  { port: 0, host: '127.0.0.1' },
  { fd: -1, port: 0 },
  { fd: undefined, path },
  { path: '' },
  { host: '127.0.0.1' }
]

for (const target of targets) {
  t.test(
    `net.Server reads ${JSON.stringify(target, (_, value) => value ?? String(value))} as the key says`,
    async (t) => {
      const key = listenerKey({ ...target })
      const kind = await kindOf({ ...target } as ListenOptions)
      t.equal(key?.split(' ')[0], kind)
      if (kind === 'tcp') t.ok(isEphemeral(key ?? ''), 'the system chooses the port')
    }
  )
}

async function kindOf(options: ListenOptions): Promise<'tcp' | 'unix' | undefined> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options, resolve))
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_INVALID_ARG_VALUE') return undefined
    throw error
  }
  const kind = typeof server.address() === 'string' ? 'unix' : 'tcp'
  await new Promise((resolve) => server.close(resolve))
  return kind
}

t.test('a key leaves the port to the system or names it', async (t) => {
  for (const key of ['tcp * 0', 'tcp 127.0.0.1 0', 'tcp :: 0']) t.ok(isEphemeral(key), key)
  for (const key of ['tcp * 3000', 'tcp * 10', 'fd 0', 'unix /a 0', 'unix tcp * 0']) t.notOk(isEphemeral(key), key)
})

t.test('addresses are told apart by all they consist of', async (t) => {
  const four = { family: 'IPv4', address: '127.0.0.1', port: 1 } as const
  const six = { family: 'IPv6', address: 'fe80::1', port: 1 } as const
  const unix = { path: '/a.sock' }
  t.strictSame([four, six, unix].map(formatAddress), ['127.0.0.1:1', '[fe80::1]:1', '/a.sock'])
  t.ok(sameAddress(six, { ...six, address: 'fe80::1%eth0' }), 'the zone is the interface, not the address')
  for (const other of [six, unix, { ...four, port: 2 }, { ...four, address: '127.0.0.2' }])
    t.notOk(sameAddress(four, other), formatAddress(other))
  t.notOk(sameAddress(unix, { path: '/b.sock' }))
  t.ok(sameAddress(unix, { path: '/a.sock' }))
  t.notOk(sameAddress({ path: '/a%1.sock' }, { path: '/a%2.sock' }), 'a path has no zone')
})

import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { checkHome } from '../../support/clients.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import type { Line } from '../../support/output.js'
import { greet } from '../../support/raw.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilRefused } from '../../support/stop-accepting.js'
import { tempFolder } from '../../support/temp-folder.js'

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const IPV6 = HAS_IPV6 ? ['::1', '::'] : []

t.test('all listeners of the process cross, each as the socket that it was', async (t) => {
  const folder = await tempFolder(t)
  const path = (name: string) => ({ path: join(folder, name) })
  const local = { port: 0, host: '127.0.0.1' }
  const hosts = ['127.0.0.1', '0.0.0.0', 'localhost', ...IPV6]
  const apps = [...hosts.map((host) => ({ port: 0, host })), local, path('app')]
  const config = {
    apps,
    servers: [local, local, path('server')],
    plain: [{ port: await freePort(), host: '127.0.0.1' }, path('plain')]
  }
  const server = await startServer(t, { config })
  const before = places(server, server.pid)
  t.equal(before.length, apps.length + 5)
  const inodes = listeningInodes(server.pid)
  if (HAS_PROC) t.ok(inodes.length >= before.length)

  for (const generation of [2, 3]) {
    const child = await server.reload()
    await server.serving(generation)
    t.strictSame(places(server, child), before, 'everything is where it was')
    if (HAS_PROC) t.strictSame(listeningInodes(child), inodes, 'adopted, not bound afresh')
    t.strictSame(server.events('unclaimed'), [])
    for (const index of apps.keys()) t.equal(await askHttp(server.target(index)), generation)
    for (const index of [0, 1, 2]) t.equal((await greet(server.target(index, 'server'))).generation, generation)
    for (const index of [0, 1]) t.equal((await greet(server.target(index, 'plain'))).generation, generation)
  }
})

/** What a process listens on, in a form that can be compared. */
function places(server: TestServer, pid: number): Line[] {
  const lines = server.events((line) => line.fixture === 'listening' && line.pid === pid)
  return lines.map(({ pid: _, ...place }) => place as Line).sort((a, b) => (name(a) < name(b) ? -1 : 1))
}

function name({ kind, index }: Line): string {
  return `${kind} ${index}`
}

async function askHttp(target: Target): Promise<number> {
  const connection = await HttpConnection.open(target)
  try {
    return checkHome(await connection.request({ path: '/' }))
  } finally {
    connection.close()
  }
}

t.test('new code gets the ports that it asks for, and the ports that it drops are closed', async (t) => {
  const [kept, left, other, leftToo] = await Promise.all(Array.from({ length: 4 }, freePort))
  const at = (port: number | undefined) => ({ port: Number(port), host: '127.0.0.1' })
  const apps = [at(kept), at(left)]
  const server = await startServer(t, { config: { apps, plain: [at(leftToo)], options: { probation: 100 } } })
  const places = [server.target(1), server.target(0, 'plain')]
  await server.release.configure({ apps: [at(other), at(kept)], plain: [] })
  await server.reload()
  for (const target of places) await untilRefused(target)
  await server.heard()
  const warnings = server.events('unclaimed')
  t.strictSame(warnings.map(({ address }) => address).sort(), [`127.0.0.1:${left}`, `127.0.0.1:${leftToo}`].sort())
  t.match(warnings, [{ level: 40 }, { level: 40 }])
  for (const port of [kept, other]) t.equal(await askHttp(at(port)), 2)
  await server.release.configure({ apps: [at(left)] })
  await server.reload()
  t.equal(await askHttp(at(left)), 3, 'a port that was left can be had again')
  await untilRefused(at(kept))
})

t.test('two apps that each let the system choose a port keep their own', async (t) => {
  const local = { port: 0, host: '127.0.0.1' }
  const server = await startServer(t, { config: { apps: [local, local, local] } })
  const before = places(server, server.pid)
  t.strictSame(places(server, await server.reload()), before)
})

t.test('both loopbacks of localhost cross', { skip: HAS_IPV6 ? false : 'no ::1' }, async (t) => {
  const server = await startServer(t, {
    config: { apps: [{ port: 0, host: 'localhost' }] },
    prepare: async (release) => {
      const code = await release.read('server.cjs')
      const lookup = `const dns = require('node:dns'), { lookup } = dns
      const both = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]
      dns.lookup = (host, ...args) => {
        if (host !== 'localhost') return lookup(host, ...args)
        process.nextTick(args.at(-1), null, ...(args[0].all ? [both] : ['127.0.0.1', 4]))
      }`
      await release.write('server.cjs', code.replace(`'use strict'`, lookup))
      return undefined
    }
  })
  const { addresses } = await server.event('listening')
  t.strictSame((addresses as AddressInfo[]).map(({ address }) => address).sort(), ['127.0.0.1', '::1'])
  const inodes = listeningInodes(server.pid)
  if (HAS_PROC) t.equal(inodes.length, 2)
  const child = await server.reload()
  t.strictSame((await server.eventOf(child, 'listening')).addresses, addresses)
  if (HAS_PROC) t.strictSame(listeningInodes(child), inodes)
  t.strictSame(server.events('unclaimed'), [])
  for (const { address, port } of addresses as AddressInfo[]) t.equal(await askHttp({ host: address, port }), 2)
})

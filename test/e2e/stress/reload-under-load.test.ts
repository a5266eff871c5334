import { mkdtempSync, rmSync } from 'node:fs'
import type { ListenOptions } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Client, FreshClient, KeepAliveClient, PipeliningClient } from '../../support/clients.js'
import { Load } from '../../support/load.js'
import { startServer } from '../../support/start.js'

const RELOADS = 3

const folder = mkdtempSync(join(tmpdir(), 'graceful-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const listeners: Record<string, ListenOptions> = {
  IPv4: { port: 0, host: '127.0.0.1' },
  IPv6: { port: 0, host: '::1' },
  'a unix socket': { path: join(folder, 'app.sock') }
}

for (const [name, listen] of Object.entries(listeners)) {
  t.test(`clients that never retry see no failure in ${RELOADS} reloads, on ${name}`, async (t) => {
    const server = await startServer(t, { config: { apps: [listen] } })
    const target = server.target()
    const arrivals = new Load([new FreshClient(target)], { every: 5 })
    const clients: Client[] = [
      ...several(4, () => new FreshClient(target)),
      ...several(8, () => new KeepAliveClient(target))
    ]
    const load = new Load([...clients, new PipeliningClient(target)], { pause: 5 })
    await load.reached(1)

    for (let generation = 2; generation <= RELOADS + 1; generation++) {
      await server.release.configure({ release: `release ${generation}` })
      t.equal(await server.reload(), await server.serving(generation))
      await Promise.all([load.reached(generation), arrivals.reached(generation)])
    }

    for (const report of [await load.stop(), await arrivals.stop()]) {
      t.strictSame(report.failures, [])
      t.equal(report.connectionsClosed, 0, 'no connection was closed without a word')
      t.strictSame(Object.keys(report.answers).map(Number), [1, 2, 3, 4])
    }
    const codes = server.events('exit').map((line) => line.code)
    t.strictSame(codes, Array(RELOADS).fill(0), 'each parent exits 0')
    t.equal(await server.stop(), 0)
  })
}

function several<T>(count: number, create: () => T): T[] {
  return Array.from({ length: count }, create)
}

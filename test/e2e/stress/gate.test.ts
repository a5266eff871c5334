import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Target } from '../../support/connection.js'
import { openIdle, openUnused } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { certificate, overTls } from '../../support/tls.js'
import { type Places, Traffic } from '../../support/traffic.js'

const LAST_GENERATION = 6

// The gate: reloads, good and bad, under all kinds of traffic at once. Nobody retries, and nothing may fail.
t.test('no client of any kind sees anything of any reload', async (t) => {
  const server = await startMixed(t)
  const places = placesOf(server)
  const idle = await openIdle(server.target(0), 20)
  const unused = await openUnused(server.target(0), 20)
  const traffic = await Traffic.begin(places)
  await traffic.reached(1)

  for (let generation = 2; generation <= LAST_GENERATION; generation++) {
    if (generation === 3) await failReload(t, server, 'config.json', (text) => text.replace('{', '{"boot":"exit",'))
    if (generation === 5) await failReload(t, server, 'mixed.cjs', (text) => `${text} }`)
    await traffic.answered(20)
    t.equal(await server.reload(), await server.serving(generation))
    await traffic.reached(generation)
  }

  for (const [kind, { requests, failures, connectionsClosed, answers, skipped }] of await traffic.stop()) {
    t.strictSame(failures, [], `${kind}: ${requests} requests, ${skipped} turns skipped`)
    t.equal(connectionsClosed, 0, `${kind}: no connection was closed without a word`)
    t.strictSame(Object.keys(answers).map(Number), [1, 2, 3, 4, 5, 6], `${kind}: every generation answered`)
  }
  for (const connection of [...idle, ...unused]) {
    t.match(JSON.parse((await connection.request({ path: '/' })).body), { generation: LAST_GENERATION })
    t.equal(connection.announced, false)
    connection.close()
  }
  t.strictSame(server.events('forced'), [])
  t.equal(await server.stop(), 0)
})

async function startMixed(t: Test): Promise<TestServer> {
  const local = { port: 0, host: '127.0.0.1' }
  const path = join(await tempFolder(t), 'app.sock')
  const https = certificate()
  return startServer(t, {
    script: 'mixed.cjs',
    config: {
      options: { probation: 1_000, drainTimeout: 60_000 },
      // Longer than all of this takes on a busy machine.
      fastify: { keepAliveTimeout: 600_000 },
      apps: [local, { port: 0, host: '::1' }, { path }, local, local, local],
      extra: { fastify: [{}, {}, {}, { https }, { http2: true }, { http2: true, https }] }
    }
  })
}

function placesOf(server: TestServer): Places {
  const [ipv4, ipv6, unix, tls, h2c, h2] = [0, 1, 2, 3, 4, 5].map((index) => server.target(index)) as [
    Target,
    Target,
    Target,
    Target,
    Target,
    Target
  ]
  return { plain: { IPv4: ipv4, IPv6: ipv6, unix }, secure: overTls(tls), http2: { h2c, h2: overTls(h2) } }
}

/** Makes a reload fail by a bad release, and puts the good one back. */
async function failReload(t: Test, server: TestServer, file: string, spoil: (text: string) => string): Promise<void> {
  const parent = server.current
  const before = server.events('reload-failed').length
  const good = await server.release.read(file)
  await server.release.write(file, spoil(good))
  server.signal('SIGHUP')
  const isNext = () => server.events('reload-failed').length > before
  const { pid, err } = await server.event({
    what: 'failed reload',
    test: (line) => line.graceful === 'reload-failed' && isNext()
  })
  t.match([pid, err], [parent, { code: 'GRACEFUL_ERR_CHILD_EXITED' }])
  await server.release.write(file, good)
}

import t, { type Test } from 'tap'
import { checkFresh } from '../../support/admin.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'

// A release that closes the channel to its parent, as `process.disconnect()` in an app does: the parent hears nothing
// of it any more, and still there must be one process that serves.

/** Makes a release that runs this code before anything else, or when it serves. */
async function spoil(server: TestServer, when: 'at boot' | 'while it serves'): Promise<void> {
  const good = await server.release.read('server.cjs')
  const now = 'process.disconnect?.()'
  const later = `require('node:diagnostics_channel')
    .subscribe('fastify-graceful-reload:serving', () => setImmediate(() => ${now}))`
  await server.release.write('server.cjs', `${when === 'at boot' ? now : later}\n${good}`)
}

t.test('a child that closes the channel before it is ready does not serve beside its parent', async (t) => {
  const server = await startServer(t, { config: { options: { readyTimeout: 20_000 } } })
  const good = await server.release.read('server.cjs')
  await spoil(server, 'at boot')
  server.signal('SIGHUP')
  const child = Number((await server.event('reload-started')).child)
  await server.event({ what: 'start of the child', test: (line) => line.fixture === 'listening' && line.pid === child })
  await checkFresh(t, server, server.pid)
  const { err } = await server.event('reload-failed')
  t.match(err, { code: 'GRACEFUL_ERR_READY_TIMEOUT' })
  t.strictSame(
    server.events('serving').map(({ pid }) => pid),
    [server.pid]
  )
  await server.release.write('server.cjs', good)
  await checkReload(t, server)
})

t.test('a child that closes the channel while it serves goes on', async (t) => {
  const server = await startServer(t)
  await spoil(server, 'while it serves')
  await checkReload(t, server)
  await checkReload(t, server)
})

t.test('an app that ends with the process that forked it does not end with its parent', async (t) => {
  const server = await startServer(t, {
    prepare: async (release) => {
      const good = await release.read('server.cjs')
      await release.write('server.cjs', `process.on('disconnect', () => process.exit(3))\n${good}`)
      return undefined
    }
  })
  await checkReload(t, server)
  await checkReload(t, server)
  t.equal(await server.stop(), 0)
})

async function checkReload(t: Test, server: TestServer): Promise<void> {
  await checkFresh(t, server, await server.reload())
}

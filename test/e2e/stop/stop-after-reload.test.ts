import t from 'tap'
import type { HttpConnection } from '../../support/connection.js'
import { FOR_EVER } from '../../support/limit.js'
import { openIdle } from '../../support/moving.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startServer } from '../../support/start.js'

// The launcher has told the parent to leave and heard nothing of it since, as it stands still in its postReload hook.
t.test('a stop of the launcher right after a reload is for the successor', async (t) => {
  const server = await startServer(t, {
    config: { hooks: { postReload: 'block' } },
    prepare: async (release) => ({
      command: [process.execPath, `${PACKAGE_ROOT}/dist/package/cli/bin.js`, release.path('hooks.cjs')]
    })
  })
  server.signal('SIGHUP', server.pid)
  await server.event((line) => line.fixture === 'held' && line.name === 'postReload')
  const second = server.current
  server.signal('SIGTERM', server.pid)
  t.match(await server.eventOf(second, 'draining', 10_000), { reason: 'SIGTERM' })
  await server.release.write('end of the block', '')
  t.match(await server.waitFor(server.exit, 'end of the launcher'), { code: 0 })
  await server.waitFor(server.gone, 'end of all generations')
})

// The drain of the parent and the end of the service are one step then.
t.test('a stop while postReload runs ends idle connections at once', async (t) => {
  const server = await startServer(t, {
    script: 'hooks.cjs',
    config: {
      hooks: { postReload: 'wait' },
      options: { connections: 'close', probation: 50, drainTimeout: FOR_EVER },
      fastify: { keepAliveTimeout: FOR_EVER }
    }
  })
  const [idle] = (await openIdle(server.target(), 1)) as [HttpConnection]
  server.signal('SIGHUP')
  await server.held('postReload')
  server.signal('SIGTERM', server.pid)
  t.equal(await server.waitFor(idle.closed, 'end of the idle connection'), 'by the server')
  await server.tell({ command: 'release', name: 'postReload' }, server.pid)
  t.equal(await server.exitOf(server.pid), 0)
})

import t, { type Test } from 'tap'
import { checkFresh, failReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { isAlive } from '../../support/fds.js'
import { checkOutcome, nextChild } from '../../support/outcome.js'
import type { FixtureConfig } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

for (const { settings, where } of WAYS) {
  const start = (t: Test, config: FixtureConfig) => startServer(t, { ...settings, script: 'faults.cjs', config })

  t.test(`an env function that throws is a failed reload${where}`, async (t) => {
    const server = await start(t, { extra: { env: 'throw' } })
    t.match(await failReload(t, server, async () => {}), { code: /^GRACEFUL_ERR_/, message: /this app went wrong/ })
    t.equal(await server.stop(), 0)
  })

  for (const log of ['reload-started', 'handed-over', 'reload-succeeded', 'serving']) {
    t.test(`a logger that throws at "${log}" loses neither the server nor its child${where}`, async (t) => {
      const server = await start(t, {})
      await server.release.configure({ extra: { log } })
      // The parent that fails has to be one that has read of it; the first one is sound.
      if (log !== 'serving') await server.reload()
      const pid = await reloadByRoute(t, server)
      server.signal('SIGTERM', settings.launcher === undefined ? pid : server.launcher)
      await server.waitFor(server.gone, 'end of all generations')
    })
  }

  t.test(`a child that cannot accept does not serve${where}`, async (t) => {
    const server = await start(t, {})
    const refusal = await failReload(t, server, () => server.release.configure({ extra: { deaf: true } }))
    t.match(refusal, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
    t.match(server.events('reload-failed'), [{ err: { stack: /caused by: Error: listen failed with status -22/ } }])
    t.equal(await server.stop(), 0)
  })

  for (const emitter of ['server', 'process']) {
    const title = `an app that throws when the ${emitter} gets or loses a listener serves after a reload${where}`
    t.test(title, async (t) => {
      const server = await start(t, { extra: { emitter } })
      for (const _ of [1, 2]) await checkFresh(t, server, await reloadByRoute(t, server))
      server.signal('SIGTERM', server.addressee)
      await server.waitFor(server.gone, 'end of all generations')
    })
  }

  for (const log of ['reload-failed', 'rolled-back']) {
    t.test(`a logger that throws at "${log}" hides neither the error nor the server${where}`, async (t) => {
      const config = { extra: { log }, options: { probation: 10_000 } }
      const server = await start(t, config)
      if (log === 'reload-failed') await server.release.configure({ boot: 'throw' })
      const admin = await HttpConnection.open(server.target())
      const asked = admin.request({ method: 'POST', path: '/admin/reload' })
      const child = await nextChild(server)
      if (log === 'rolled-back') {
        await server.takenOver(child)
        server.signal('SIGKILL', child)
      }
      const answer = await asked
      admin.close()
      t.equal(await checkOutcome(t, server, { parent: server.pid, child }, answer), server.pid)
      t.equal(await server.stop(), 0)
    })
  }

  for (const subscriber of ['reload-started', 'handed-over', 'reload-succeeded']) {
    t.test(`a subscriber of "${subscriber}" that throws leaves one server or none${where}`, async (t) => {
      const server = await start(t, { extra: { subscriber } })
      const { pid: parent } = server
      const admin = await HttpConnection.open(server.target())
      const asked = admin.request({ method: 'POST', path: '/admin/reload' }).catch(() => undefined)
      await nextChild(server)
      await asked
      admin.close()
      // An error that a subscriber throws is uncaught:
      // https://nodejs.org/api/diagnostics_channel.html#channelsubscribeonmessage
      await untilTrue(server, 'end of the parent', () => !isAlive(parent))
      if (settings.launcher === undefined && server.servers().length === 0) {
        t.equal(await server.exitOf(parent), 1)
        return
      }
      await untilTrue(server, 'one server', () => server.servers().length === 1)
      await checkFresh(t, server, server.servers()[0] as number)
    })
  }
}

/** Asks a route for a reload, which may end in either way; returns the process that serves then. */
async function reloadByRoute(t: Test, server: TestServer): Promise<number> {
  const parent = server.current
  const known = server.events('reload-started').map(({ child }) => Number(child))
  const admin = await HttpConnection.open(server.target())
  const asked = admin.request({ method: 'POST', path: '/admin/reload' })
  const child = await nextChild(server, known)
  const answer = await asked
  admin.close()
  return checkOutcome(t, server, { parent, child }, answer)
}

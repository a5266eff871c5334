import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { Load } from '../../support/load.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

/** The process that has started this one. */
function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** The ways to request a reload. Each resolves when the new generation serves and the old one has ended. */
const WAYS: Record<string, (t: Test, server: TestServer) => Promise<unknown>> = {
  'SIGHUP to the launcher': (_t, server) => server.reload(),
  'SIGHUP to the server': async (_t, server) => {
    const parent = server.current
    server.signal('SIGHUP', parent)
    await server.exitOf(parent)
  },
  'app.gracefulReload() in a route': async (t, server) => {
    const parent = server.current
    const { generation } = server.events('serving').at(-1) as { generation: number }
    const admin = await HttpConnection.open(server.target())
    await admin.request({ path: '/' })
    const { status, body } = await admin.request({ method: 'POST', path: '/admin/reload' })
    t.equal(status, 200, body)
    const previous = { generation, pid: parent }
    t.match(JSON.parse(body), { generation: generation + 1, pid: server.current, previous, reason: 'admin route' })
    admin.close()
    t.equal(await server.exitOf(parent), 0)
  },
  'app.gracefulReload() outside of a request': async (t, server) => {
    const parent = server.current
    await server.tell({ command: 'reload', reason: 'deploy' })
    t.match(await server.eventOf(parent, 'reloaded'), { result: { previous: { pid: parent }, reason: 'deploy' } })
    t.equal(await server.exitOf(parent), 0)
  }
}

t.test(
  'under a launcher each generation is its child, for every way to ask, and clients that never retry see nothing',
  async (t) => {
    const server = await startServer(t, { launcher: [], config: { options: { probation: 100 } } })
    const { launcher } = server
    const load = new Load(await PersistentClient.openMany(server.target(), 10), { pause: 10 })
    await load.reached(1)
    const sockets = listeningInodes(server.pid)
    let generation = 1
    for (const [how, reload] of Object.entries(WAYS)) {
      const release = `release ${++generation}`
      await server.release.configure({ release })
      await t.test(how, (t) => reload(t, server))
      const pid = await server.serving(generation)
      await load.reached(generation)
      t.equal(server.launcher, launcher)
      if (!HAS_PROC) continue
      t.equal(parentOf(pid), launcher, `generation ${generation} is a child of the launcher`)
      await untilLeft(server, [launcher, pid])
      t.strictSame(listeningInodes(pid), sockets, 'on the same listening socket')
      t.strictSame(listeningInodes(launcher), sockets, 'of which the launcher has a duplicate')
    }
    const { failures, connectionsClosed } = await load.stop()
    t.strictSame(failures, [])
    t.equal(connectionsClosed, 0)
    t.equal(await server.stop(), 0)
  }
)

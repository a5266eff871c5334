import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { outlast } from '../../support/deadline.js'
import { isAlive } from '../../support/fds.js'
import { checkStays, nextChild } from '../../support/outcome.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

t.jobs = 2

/** Long enough for the parent to be stalled in it. Milliseconds. */
const PROBATION = 1_500

/** Makes a process stand still; returns what lets it go on. */
const STALLS: Record<string, (server: TestServer, pid: number) => Promise<() => unknown>> = {
  'is stopped': async (server, pid) => {
    server.signal('SIGSTOP', pid)
    return () => server.signal('SIGCONT', pid)
  },
  'blocks its event loop': async (server, pid) => {
    await server.tell({ command: 'block', until: 'go' }, pid)
    await server.eventOf(pid, 'blocked')
    return () => server.release.write('go', '')
  }
}

for (const { settings, where } of WAYS) {
  for (const [stalls, stall] of Object.entries(STALLS)) {
    for (const when of ['in the probation', 'at its end']) {
      t.test(`the parent serves again when it ${stalls} and its child dies ${when}${where}`, async (t) => {
        const options = { probation: PROBATION }
        const server = await startServer(t, { ...settings, config: { options } })
        const parent = server.current
        const admin = await HttpConnection.open(server.target())
        const answer = admin.request({ method: 'POST', path: '/admin/reload' })
        const child = await server.takenOver(await nextChild(server))
        const goOn = await stall(server, parent)
        if (when === 'at its end') await outlast(PROBATION)
        server.signal('SIGKILL', child)
        await untilTrue(server, `death of ${child}`, () => !isAlive(child))
        if (when === 'in the probation') await outlast(PROBATION)
        await goOn()

        const { status, body } = await answer
        admin.close()
        const refusal = { status: 502, code: 'GRACEFUL_ERR_ROLLED_BACK', message: /SIGKILL/ }
        if (!t.match({ status, ...JSON.parse(body) }, refusal)) return
        await checkStays(t, server, parent)
        t.match(server.events('rolled-back'), [{ pid: parent, err: { code: 'GRACEFUL_ERR_ROLLED_BACK' } }])
        t.strictSame(server.events('reload-succeeded'), [])
        t.equal(await server.stop(), 0)
      })
    }
  }
}

t.test(
  'a caller at the child is answered though the parent is stopped, and the reload follows when it goes on',
  async (t) => {
    const server = await startServer(t, { config: { options: { probation: 2 * PROBATION } } })
    server.signal('SIGHUP')
    const child = await server.takenOver(await nextChild(server))
    server.signal('SIGSTOP', server.pid)
    const caller = await HttpConnection.open(server.target())
    const { status, body } = await caller.request({ method: 'POST', path: '/admin/reload' })
    caller.close()
    t.match({ status, ...JSON.parse(body) }, { status: 502, code: 'GRACEFUL_ERR_OUTCOME_UNKNOWN' })
    t.ok(await server.eventOf(child, 'reload-queued'))
    server.signal('SIGCONT', server.pid)
    await server.serving(3)
    t.equal(await server.stop(), 0)
  }
)

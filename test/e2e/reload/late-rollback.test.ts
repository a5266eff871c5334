import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { checkOutcome, nextChild } from '../../support/outcome.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'

t.jobs = 2

const PROBATION = 400

/** When the child gives up, before or behind the end of the probation as it sees it. Milliseconds. */
const MOMENTS = [-15, -10, -7, -5, -4, -3, -2, -1, 0, 1, 3, 6, 10, 15]

for (const { settings, where } of WAYS) {
  t.test(`one process serves on when the child gives up at the very end of the probation${where}`, async (t) => {
    const config = { options: { probation: PROBATION } }
    const server = await startServer(t, { ...settings, script: 'late-rollback.cjs', config })
    const children: number[] = []
    let current = server.current
    for (const moment of MOMENTS) {
      await server.release.configure({ extra: { after: PROBATION + moment } })
      const child = await reload(t, server, children, current)
      if (!t.passing()) return
      children.push(child.pid)
      current = child.stayer
    }
    t.equal(await server.stop(), 0)
  })
}

/** Makes a reload whose child gives up, and checks that all agree about its outcome. */
async function reload(
  t: Test,
  server: TestServer,
  known: number[],
  parent: number
): Promise<{ pid: number; stayer: number }> {
  const admin = await HttpConnection.open(server.target())
  const asked = admin.request({ method: 'POST', path: '/admin/reload' })
  const child = await nextChild(server, known)
  const answer = await asked
  admin.close()
  const gaveUp = await server.eventOf(child, 'gave up')
  t.comment(`answered ${answer.status}; rollback(): ${gaveUp.code ?? 'accepted'}`)
  if (gaveUp.accepted === false) {
    t.equal(gaveUp.code, 'GRACEFUL_ERR_NOT_ON_PROBATION')
    t.equal(answer.status, 200, 'the child was told that there is no way back')
  }
  const stayer = await checkOutcome(t, server, { parent, child }, answer)
  const rolledBack = server.events((line) => line.graceful === 'rolled-back' && line.pid === parent).length > 0
  t.equal(rolledBack || stayer === child, true, 'the log says the same')
  return { pid: child, stayer }
}

import { readFileSync } from 'node:fs'
import t from 'tap'
import { HAS_PROC, listFds } from '../../support/fds.js'
import { checkMoved, openIdle, standingStill, untilMoved } from '../../support/moving.js'
import { startServer } from '../../support/start.js'

const skip = !HAS_PROC && 'this system has no /proc'
const CONNECTIONS = 600

t.test('a child has room for the connections of its parent before they move', { skip }, async (t) => {
  const server = await startServer(t, {
    launcher: [],
    script: 'migration.cjs',
    config: { options: { probation: 1000 }, staysOnProbation: true, extra: { standStill: true } }
  })
  const connections = await openIdle(server.target(), CONNECTIONS)
  const parent = server.current
  t.ok(slotsOf(parent) > CONNECTIONS)
  server.signal('SIGHUP')
  const child = await standingStill(server)
  t.equal(slotsOf(child), slotsOf(parent))
  const open = [...listFds(child).keys()]
  t.ok(open.length < CONNECTIONS / 2)
  t.ok(Math.max(...open) < CONNECTIONS / 2, 'what made the table large is closed')
  process.kill(child, 'SIGCONT')
  await untilMoved(server, child, CONNECTIONS)
  await checkMoved(t, connections, child)
  t.equal(await server.stop(), 0)
})

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function slotsOf(pid: number): number {
  return Number(/^FDSize:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { outlast } from '../../support/deadline.js'
import { nextChild } from '../../support/outcome.js'
import { startServer } from '../../support/start.js'

/** Long enough for the launcher to be stopped in it. Milliseconds. */
const PROBATION = 1_500

/** How long a child may take to confirm: `confirmTime` in `lib/process/health-options.ts`. Milliseconds. */
const CONFIRM = 5_000

t.test('a launcher that stands still at the end of the probation costs no child that serves', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: PROBATION } } })
  const parent = server.current
  const admin = await HttpConnection.open(server.target())
  const answer = admin.request({ method: 'POST', path: '/admin/reload' })
  const child = await server.takenOver(await nextChild(server))
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), child)

  server.signal('SIGSTOP', server.launcher)
  await outlast(PROBATION + CONFIRM)
  server.signal('SIGCONT', server.launcher)

  t.equal((await answer).status, 200)
  admin.close()
  await server.tell({ command: 'release', name: 'slow' }, child)
  t.match(JSON.parse((await slow.response).body), { pid: child })
  connection.close()
  t.strictSame(server.events('rolled-back'), [])
  t.equal(await server.exitOf(parent), 0)
  t.equal(await server.stop(), 0)
})

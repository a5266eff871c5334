import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { startServer } from '../../support/start.js'

t.test('a parent that leaves to its child closes its idle connections when it is told to stop', async (t) => {
  const options = { probation: 0, connections: 'close' as const }
  const server = await startServer(t, { config: { options } })
  const idle = await HttpConnection.open(server.target())
  t.equal((await idle.request({ path: '/' })).status, 200)
  const busy = await HttpConnection.open(server.target())
  const answer = busy.request({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGHUP', server.pid)
  await server.eventOf(server.pid, 'draining')
  server.signal('SIGTERM', server.pid)
  // Its own keep-alive timeout would have been 72 s.
  await idle.closed
  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  t.equal((await answer).status, 200)
  t.equal(await server.exitOf(server.pid), 0)
})

import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC } from '../../support/fds.js'
import { Gate } from '../../support/gate.js'
import { startServer } from '../../support/start.js'

t.test('a child that is ready takes over from a parent that hangs and is killed', async (t) => {
  const server = await startServer(t)
  const gate = await Gate.open(t)
  const good = await server.release.read('server.cjs')
  await server.release.write('server.cjs', gate.before(good))
  server.signal('SIGHUP')
  const child = Number((await server.event('reload-started')).child)
  const letIn = await gate.arrival()
  process.kill(server.pid, 'SIGSTOP')
  letIn()
  await server.eventOf(child, 'started')
  // In the queue of the socket, from which either process may accept.
  const waiting = await HttpConnection.open(server.target())
  const answer = waiting.send({ path: '/' })
  process.kill(server.pid, 'SIGKILL')

  await server.eventOf(child, 'serving')
  t.match(JSON.parse((await answer.response).body), { pid: child, generation: 2 })
  waiting.close()
  await checkFresh(t, server, child)
  if (HAS_PROC) t.strictSame(server.alive(), [child])
  await server.release.write('server.cjs', good)
  const next = HttpConnection.open(server.target())
  t.match(await (await next).request({ method: 'POST', path: '/admin/reload' }), { status: 200 })
  ;(await next).close()
  t.equal(await server.exitOf(child), 0)
})

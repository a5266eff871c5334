import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

t.test('signals during a reload end in exactly one more, with the newest release', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: 300 } } })
  server.signal('SIGHUP', server.launcher)
  await server.eventOf(server.pid, 'reload-started')
  for (const pid of [server.launcher, server.pid, server.launcher]) server.signal('SIGHUP', pid)
  await server.said(/reload \(SIGHUP\): another reload is in progress, so one more will follow it/)
  await server.eventOf(server.pid, 'handed-over')
  await server.release.configure({ release: 'B' })
  for (const pid of [server.launcher, server.pid, server.current]) server.signal('SIGHUP', pid)
  const third = await server.serving(3)
  await server.eventOf(await server.serving(2), 'reload-succeeded')
  await untilLeft(server, [server.launcher, third])
  await checkFresh(t, server, third, 'B')
  t.equal(server.events('serving').length, 3)
  t.equal(await server.stop(), 0)
})

t.test('a caller that asks while a reload runs gets the outcome of the next one', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: 300 } } })
  const ask = async () => {
    const admin = await HttpConnection.open(server.target())
    const answer = admin.request({ method: 'POST', path: '/admin/reload' }).finally(() => admin.close())
    return { answer }
  }
  const first = await ask()
  await server.eventOf(server.pid, 'reload-started')
  const second = await ask()
  await server.tell({ command: 'reload', reason: 'deploy' }, server.pid)
  const child = await server.serving(2)
  const third = await ask()
  const answers = await Promise.all([first, second, third].map(({ answer }) => answer))
  const generations = answers.map(({ body }) => JSON.parse(body).generation)
  t.strictSame(generations, [2, 3, 3])
  t.match(JSON.parse((answers[2] as { body: string }).body), { previous: { pid: child } })
  await untilLeft(server, [server.launcher, server.current])
  t.equal(server.events('serving').length, 3)
  t.equal(await server.stop(), 0)
})

t.test('a reload that waits for one that fails is made all the same', async (t) => {
  const server = await startServer(t, { launcher: [] })
  await server.release.configure({ boot: 'hang' })
  server.signal('SIGHUP', server.launcher)
  const { pid: child } = await server.event('boot')
  await server.release.configure({ boot: 'none', release: 'good' })
  server.signal('SIGHUP', server.launcher)
  await server.said(/one more will follow it/)
  server.signal('SIGKILL', child)
  const next = await server.serving(2)
  await server.exitOf(server.pid)
  await checkFresh(t, server, next, 'good')
  t.equal(await server.stop(), 0)
})

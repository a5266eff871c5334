import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Long enough for anything that a test does in it. */
const PROBATION = 60_000

t.test('a new generation gives up: the parent serves again, and requests in progress are finished', async (t) => {
  const folder = await tempFolder(t)
  const [path, pidFile] = [join(folder, 'socket'), join(folder, 'pid')]
  const options = { probation: PROBATION, pidFile }
  const server = await startServer(t, { config: { options, servers: [{ path }] } })
  const admin = await HttpConnection.open(server.target())
  const moved = await HttpConnection.open(server.target())
  t.match(JSON.parse((await moved.request({ path: '/' })).body), { generation: 1 })
  const answer = admin.request({ method: 'POST', path: '/admin/reload' })
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  const busy = await HttpConnection.open(server.target())
  const slow = busy.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), child)

  await server.tell({ command: 'rollback', reason: 'too many errors' }, child)
  const { status, body } = await answer
  const message = /gave up \(too many errors\)/
  t.match({ status, ...JSON.parse(body) }, { status: 502, code: 'GRACEFUL_ERR_ROLLED_BACK', message })
  await checkFresh(t, server, server.pid)
  t.equal(await readFile(pidFile, 'utf8'), `${server.pid}\n`)

  await server.tell({ command: 'release', name: 'slow' }, child)
  t.match(JSON.parse((await slow.response).body), { pid: child })
  t.match(await moved.request({ path: '/' }), { status: 200 }, 'a connection that may have moved is still served')
  for (const connection of [admin, moved, busy]) connection.close()
  t.equal(await server.exitOf(child), 0)
  t.ok(existsSync(path), 'the path is the parent’s')
  await checkFresh(t, server, server.pid)

  await server.release.configure({ release: 'good' })
  server.signal('SIGHUP', server.pid)
  const next = Number((await server.event((line) => line.graceful === 'handed-over' && line.child !== child)).child)
  await checkFresh(t, server, next, 'good')
  server.signal('SIGTERM', next)
  t.equal(await server.exitOf(server.pid), 0)
  await server.waitFor(server.gone, 'end of all generations')
  t.notOk(existsSync(path))
})

t.test(
  'a new generation whose first request never ends is not rolled back, and can be replaced and stopped',
  async (t) => {
    const server = await startServer(t, { config: { options: { probation: 300, drainTimeout: 1500 } } })
    server.signal('SIGHUP')
    const child = await server.takenOver(await server.serving(2))
    const stuck = await HttpConnection.open(server.target())
    const never = stuck.send({ path: '/hold/never' })
    t.equal(await server.held('never'), child)
    t.equal(await server.exitOf(server.pid), 0)
    t.equal(server.events('rolled-back').length, 0)

    server.signal('SIGHUP', child)
    const third = await server.takenOver(await server.serving(3))
    await checkFresh(t, server, third)
    t.equal(await server.exitOf(child), 1, 'what never ends is cut off at drainTimeout')
    await t.rejects(never.response)
    t.match(server.events('forced'), [{ pid: child, requests: [{ method: 'GET', url: '/hold/never' }] }])
    t.equal(await server.stop(), 0)
  }
)

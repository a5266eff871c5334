import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkFresh, succeedReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listeningInodes } from '../../support/fds.js'
import { Gate } from '../../support/gate.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

const skip = HAS_PROC ? false : 'the end of an orphan is seen in /proc'

t.test('a child serves on when its parent is killed within the probation', { skip }, async (t) => {
  const folder = await tempFolder(t)
  const [path, pidFile] = [join(folder, 'socket'), join(folder, 'pid')]
  const server = await startServer(t, { config: { options: { probation: 60_000, pidFile }, servers: [{ path }] } })
  const inodes = listeningInodes(server.pid)
  server.signal('SIGHUP')
  const child = await server.serving(2)
  await server.eventOf(server.pid, 'handed-over')
  const connection = await HttpConnection.open(server.target())
  const slow = connection.send({ path: '/hold/slow' })
  t.equal(await server.held('slow'), child)

  server.signal('SIGKILL', server.pid)
  await server.exit
  await checkFresh(t, server, child)
  await server.tell({ command: 'release', name: 'slow' }, child)
  t.match(JSON.parse((await slow.response).body), { pid: child })
  connection.close()
  t.strictSame(listeningInodes(child), inodes)
  t.equal(await readFile(pidFile, 'utf8'), `${child}\n`)
  t.equal(existsSync(path), true)
  await server.release.configure({ options: { probation: 100 } })
  server.signal('SIGHUP', child)
  const grandchild = await server.takenOver(await server.serving(3))
  await checkFresh(t, server, grandchild)
  server.signal('SIGTERM', grandchild)
  await server.waitFor(server.gone, 'end of all generations')
  t.strictSame([existsSync(path), existsSync(pidFile)], [false, false])
})

t.test('a child that boots while its parent is killed takes over when it is ready', { skip }, async (t) => {
  const gate = await Gate.open(t)
  const server = await startServer(t)
  const good = await server.release.read('server.cjs')
  await server.release.write('server.cjs', gate.before(good))
  server.signal('SIGHUP')
  const letIn = await gate.arrival()
  server.signal('SIGKILL', server.pid)
  await server.exit
  // Nobody accepts now, and nobody is refused.
  const connection = await HttpConnection.open(server.target())
  const answer = connection.request({ path: '/' })
  letIn()
  t.match(JSON.parse((await answer).body), { pid: await server.serving(2), generation: 2 })
  connection.close()
  await server.release.write('server.cjs', good)
  await succeedReload(t, server)
})

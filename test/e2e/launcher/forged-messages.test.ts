import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { DEPTHS, forgeries, post } from '../../support/forged.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

// An app that passes on what its clients send. Clients must neither command nor end a process.

const script = 'forward.cjs'

t.test('a launcher obeys none of the messages that a client can forge, and outlives them', async (t) => {
  const marker = join(await tempFolder(t), 'was-here')
  const server = await startServer(t, { launcher: [], script })
  const { pid } = server
  for (const [what, message] of forgeries(marker)) {
    await post(server.target(), '/forward', JSON.stringify(message))
    t.equal(server.current, pid, what)
  }
  await server.reload()
  t.notOk(existsSync(marker), 'no command was run')
  t.equal(await server.stop(), 0)
})

t.test('a message that the receiver cannot read does not end a launcher', async (t) => {
  const server = await startServer(t, { launcher: [], script })
  for (const depth of DEPTHS) await post(server.target(), '/forward', '['.repeat(depth) + ']'.repeat(depth))
  await server.reload()
  t.equal(await server.stop(), 0)
})

t.test('a connection that the app sends with a message is closed by the launcher, which goes on', async (t) => {
  const server = await startServer(t, { launcher: [], script })
  await post(server.target(), '/forward-connection', '{"hello":"launcher"}')
  await server.event({ what: 'end of the connection', test: (line) => line.fixture === 'connection closed' })
  await checkFresh(t, server, await server.reload())
  t.equal(await server.stop(), 0)
})

t.test('a parent obeys none of them either while its child is on probation', async (t) => {
  const marker = join(await tempFolder(t), 'was-here')
  const server = await startServer(t, { script, config: { options: { probation: 60_000 } } })
  server.signal('SIGHUP')
  const child = await server.takenOver(await server.serving(2))
  for (const [, message] of forgeries(marker)) await post(server.target(), '/forward', JSON.stringify(message))
  for (const depth of DEPTHS) await post(server.target(), '/forward', '['.repeat(depth) + ']'.repeat(depth))
  await checkFresh(t, server, child)
  await server.heard(server.pid)
  t.strictSame(server.events('rolled-back'), [])
  process.kill(child, 'SIGKILL')
  t.match(await server.event('rolled-back'), { pid: server.pid })
  await checkFresh(t, server, server.pid)
  t.notOk(existsSync(marker), 'no command was run')
})

for (const launcher of [undefined, []]) {
  const where = launcher === undefined ? '' : ', under a launcher'
  t.test(`the app does not get to see what the processes say to each other${where}`, async (t) => {
    const server = await startServer(t, { script, ...(launcher && { launcher }) })
    await server.reload()
    const connection = await HttpConnection.open(server.target())
    t.strictSame(JSON.parse((await connection.request({ path: '/heard' })).body), [])
    connection.close()
    t.equal(await server.stop(), 0)
  })
}

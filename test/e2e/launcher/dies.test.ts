import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { inodesOfPort } from '../../support/fds.js'
import { launchServer, startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

t.test('the launcher dies by SIGKILL: the server finishes its requests, and stops', async (t) => {
  const server = await startServer(t, { launcher: [] })
  const { port } = server.target() as { port: number }
  const busy = await HttpConnection.open(server.target())
  const slow = busy.send({ path: '/hold/slow' })
  await server.held('slow')
  server.signal('SIGKILL', server.launcher)
  t.match(await server.eventOf(server.pid, 'draining'), { reason: 'the launcher is gone' })
  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  t.match(await slow.response, { status: 200 })
  busy.close()
  t.equal(await server.exitOf(server.pid), 0)
  await untilLeft(server, [])
  t.strictSame(inodesOfPort(port), [])
})

t.test('the launcher dies while a child boots: neither is left', async (t) => {
  const server = await startServer(t, { launcher: [] })
  await server.release.configure({ boot: 'hang' })
  server.signal('SIGHUP', server.launcher)
  await server.event('boot')
  server.signal('SIGKILL', server.launcher)
  t.equal(await server.exitOf(server.pid), 0)
  await untilLeft(server, [])
})

t.test('the launcher dies in the probation: both processes finish their requests, and none is left', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: 10_000 } } })
  const [first, second] = [await HttpConnection.open(server.target()), HttpConnection.open(server.target())]
  const inParent = first.send({ path: '/hold/parent' })
  await server.held('parent')
  server.signal('SIGHUP', server.launcher)
  const { child } = await server.eventOf(server.pid, 'handed-over')
  ;(await second).close()
  const fresh = await HttpConnection.open(server.target())
  const inChild = fresh.send({ path: '/hold/child' })
  t.equal(await server.held('child'), child)
  server.signal('SIGKILL', server.launcher)
  for (const [pid, name] of [[server.pid, 'parent'] as const, [Number(child), 'child'] as const]) {
    await server.eventOf(pid, 'draining')
    await server.tell({ command: 'release', name }, pid)
  }
  t.equal((await inParent.response).status, 200)
  t.equal((await inChild.response).status, 200)
  for (const connection of [first, fresh]) connection.close()
  await untilLeft(server, [])
})

t.test('the launcher dies while connections move: no process is left', async (t) => {
  const server = await startServer(t, { launcher: [], config: { options: { probation: 1_000 } } })
  const connections = await Promise.all(Array.from({ length: 60 }, () => HttpConnection.open(server.target())))
  await Promise.all(connections.map((connection) => connection.request({ path: '/' })))
  server.signal('SIGHUP', server.launcher)
  await server.eventOf(server.pid, 'handed-over')
  // Stopped first, so that handles are on their way that nobody will ever acknowledge.
  server.signal('SIGSTOP', server.launcher)
  const fresh = await HttpConnection.open(server.target())
  await fresh.request({ path: '/' })
  fresh.close()
  server.signal('SIGKILL', server.launcher)
  await untilLeft(server, [])
  for (const connection of connections) connection.close()
})

/** Boots in its own time, before it loads the plugin and after it has. */
const SLOW = (first: string, second: string) => `
const wait = () => new Promise((resolve) => setInterval(() => require('node:fs').existsSync(__dirname + '/go') && resolve(), 5).unref())
const keep = setTimeout(() => {}, 20_000)
const { start, say } = require('./app.cjs')
const load = () => require('fastify-graceful-reload')
async function main() {
  ${first}
  const graceful = load()
  ${second}
  clearTimeout(keep)
  await start({ Fastify: require('fastify'), graceful })
}
say('boot', {})
main()
`

for (const [when, first, second] of [
  ['before it has loaded the plugin', 'await wait()', ''],
  ['when it has loaded the plugin', '', 'await wait()']
] as const) {
  t.test(`the launcher dies while the very first server boots, ${when}: it does not stay`, async (t) => {
    const prepare = async (release: { write(file: string, text: string): Promise<void> }) => {
      await release.write('slow.cjs', SLOW(first, second))
      return undefined
    }
    const server = await launchServer(t, { launcher: [], script: 'slow.cjs', prepare })
    await server.event('boot')
    server.signal('SIGKILL', server.launcher)
    await server.waitFor(server.exit, 'end of the launcher')
    await server.release.write('go', '')
    // It may serve until it notices that.
    await untilLeft(server, [])
    t.strictSame(server.servers(), [], 'nobody is left')
  })
}

t.test('a log without a reader does not end the launcher', async (t) => {
  const server = await startServer(t, {
    launcher: [],
    prepare: async (release) => {
      // The reader of stderr goes at once; what the fixture prints goes to stdout.
      const command = `exec "$0" "$@" 2> >(true)`
      return { command: ['bash', '-c', command, process.execPath, LAUNCHER_FILE, release.path('server.cjs')] }
    }
  })
  const known = server.pid
  server.signal('SIGKILL', known)
  const test = ({ fixture, pid }: { fixture?: string; pid: number }) => fixture === 'started' && pid !== known
  await server.event({ what: 'next server', test })
  t.equal(await server.stop(), 0)
})

const LAUNCHER_FILE = require.resolve('../../../package/cli/bin.js')

import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { HAS_PROC } from '../../support/fds.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

/**
 * `script` of util-linux gives its command a terminal, which hangs up when `script` ends. The shell leads the session,
 * as in any terminal, and outlives the server; what the server prints does not go to the terminal but to the test.
 */
const IN_TERMINAL = '"$NODE" "$SERVER" >&3 2>&4 3>&- 4>&-; exec tail -f /dev/null >/dev/null'
const TERMINAL = 'exec script -q -e -c "$IN_TERMINAL" /dev/null 3>&1 4>&2'

const skip = !HAS_PROC || spawnSync('script', ['--version']).error !== undefined

async function start(t: Test, options = {}): Promise<{ server: TestServer; hangUp: () => void }> {
  const server = await startServer(t, {
    config: { options: { probation: 100, ...options } },
    prepare: async (release) => {
      const env = { NODE: process.execPath, SERVER: release.path('server.cjs'), IN_TERMINAL, SHELL: '/bin/sh' }
      const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      return { command: ['env', ...assignments, '/bin/sh', '-c', TERMINAL] }
    }
  })
  return { server, hangUp: () => server.signal('SIGKILL', server.pid) }
}

t.test('a SIGHUP that comes because the terminal hung up stops', { skip }, async (t) => {
  const { server, hangUp } = await start(t)
  const pid = server.current
  t.not(pid, server.pid)
  hangUp()
  t.match(await server.eventOf(pid, 'draining'), { reason: 'the terminal hung up' })
  t.equal(await server.exitOf(pid), 0)
  await untilLeft(server, [])
  t.strictSame(server.events('reload-started'), [])
  // Node 20 would abort after its last word, since it cannot reset that terminal.
  await server.waitFor(server.gone, 'end of all output')
  t.notMatch(server.output.toString(), /Assertion failed/)
})

t.test('a SIGHUP on a live terminal reloads, also in the child of a reload', { skip }, async (t) => {
  const { server, hangUp } = await start(t)
  await server.reload()
  const third = await server.reload()
  t.equal(server.events('serving').at(-1)?.generation, 3)
  hangUp()
  t.match(await server.eventOf(third, 'draining'), { reason: 'the terminal hung up' })
  t.equal(await server.exitOf(third), 0)
  await untilLeft(server, [])
})

t.test('a terminal that hangs up while a child boots leaves no process', { skip }, async (t) => {
  const { server, hangUp } = await start(t)
  const pid = server.current
  await server.release.configure({ boot: 'hang' })
  server.signal('SIGHUP')
  await server.event('boot')
  hangUp()
  t.equal(await server.exitOf(pid), 0)
  await untilLeft(server, [])
})

t.test('a terminal that hangs up in the probation leaves no process', { skip }, async (t) => {
  const { server, hangUp } = await start(t, { probation: 10_000 })
  const pid = server.current
  server.signal('SIGHUP')
  await server.event('handed-over')
  const child = server.current
  hangUp()
  t.strictSame([await server.exitOf(pid), await server.exitOf(child)], [0, 0])
  await untilLeft(server, [])
})

t.test('without a terminal there is none to hang up', async (t) => {
  const server = await startServer(t, { config: { options: { probation: 0 } } })
  await server.reload()
  t.equal(server.events('serving').at(-1)?.generation, 2)
})

import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { HAS_PROC } from '../../support/fds.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, startServer } from '../../support/start.js'
import { untilLeft } from '../../support/tree.js'

/**
 * See terminal.test.ts: a shell leads the session, and what the launcher prints does not go to the terminal but to the
 * test.
 */
const IN_TERMINAL = '"$NODE" "$LAUNCHER" "$SERVER" >&3 2>&4 3>&- 4>&-; exec tail -f /dev/null >/dev/null'
const TERMINAL = 'exec script -q -e -c "$IN_TERMINAL" /dev/null 3>&1 4>&2'

const skip = !HAS_PROC || spawnSync('script', ['--version']).error !== undefined

async function start(t: Test, options = {}): Promise<{ server: TestServer; hangUp: () => void }> {
  const server = await startServer(t, {
    config: { options: { probation: 100, ...options } },
    prepare: async (release) => {
      const own = {
        NODE: process.execPath,
        SERVER: release.path('server.cjs'),
        LAUNCHER,
        IN_TERMINAL,
        SHELL: '/bin/sh'
      }
      const assignments = Object.entries(own).map(([name, value]) => `${name}=${value}`)
      return { command: ['env', ...assignments, '/bin/sh', '-c', TERMINAL] }
    }
  })
  return { server, hangUp: () => server.signal('SIGKILL', server.pid) }
}

t.test('a terminal that hangs up stops the launcher and its server', { skip }, async (t) => {
  const { server, hangUp } = await start(t)
  const pid = server.current
  hangUp()
  await server.eventOf(pid, 'draining')
  t.equal(await server.exitOf(pid), 0)
  await untilLeft(server, [])
  t.strictSame(server.events('reload-started'), [])
  await server.waitFor(server.gone, 'end of all output')
  t.notMatch(server.output.toString(), /Assertion failed/)
})

t.test('a SIGHUP on a live terminal reloads; one that comes from its end in a probation stops', { skip }, async (t) => {
  const { server, hangUp } = await start(t, { probation: 10_000 })
  const pid = server.current
  server.signal('SIGHUP', pid)
  const { child } = await server.eventOf(pid, 'handed-over')
  hangUp()
  t.strictSame([await server.exitOf(pid), await server.exitOf(Number(child))], [0, 0])
  await untilLeft(server, [])
})

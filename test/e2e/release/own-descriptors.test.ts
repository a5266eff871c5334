import { readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { HAS_PROC, listFds } from '../../support/fds.js'
import { missing } from '../../support/programs.js'
import { LAUNCHER, startServer, WAYS } from '../../support/start.js'

const skip = HAS_PROC ? missing('bash') : 'there is no /proc'

/** `head` reads one line and goes, as s6 does: a second one would meet EPIPE. */
const START = 'exec "$@" 3> >(exec env -i head -n 1 > notified) 5> >(exec env -i cat > log) 9> lock 40> other'

const LOOPBACK = { port: 0, host: '127.0.0.1' }

for (const { settings, where } of WAYS)
  t.test(
    `each generation finds the descriptors of the app where the first one had them${where}`,
    { skip },
    async (t) => {
      const server = await startServer(t, {
        ...settings,
        config: { apps: [LOOPBACK, LOOPBACK] },
        prepare: async (release) => {
          const node = [process.execPath, ...(settings.launcher ? [LAUNCHER] : []), release.path('own-descriptors.cjs')]
          return { command: ['bash', '-c', START, 'bash', ...node] }
        }
      })
      const { ino: lock } = statSync(server.release.path('lock'))
      for (const generation of [1, 2, 3]) {
        const pid = generation === 1 ? server.current : await server.reload()
        const ready = await server.eventOf(pid, 'ready')
        t.equal(ready.lock, lock, `the lock of generation ${generation}`)
        // The number that the app has given up is the next free one.
        const connection = await HttpConnection.open(server.target())
        t.match(await connection.request({ path: '/' }), { status: 200 })
        if (where === '') t.match(listFds(pid).get(3), /^socket:/)
        t.equal(listFds(pid).get(40), server.release.path('other'))
        if (generation > 1) t.match(ready.notified, where === '' ? /^\/dev\/null$/ : /^(socket:|\/dev\/null$)/)
        connection.close()
      }
      t.equal(await server.stop(), 0)
      t.equal(readFileSync(server.release.path('notified'), 'utf8'), '\n')
      t.equal(readFileSync(server.release.path('log'), 'utf8'), 'started\n'.repeat(3))
    }
  )

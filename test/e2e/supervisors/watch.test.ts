import { writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { Supervised } from '../../support/supervised.js'
import { refusesAndStops, reloadsAndStops } from '../../support/supervisor-story.js'

t.jobs = 2

const start = (t: Test, ...args: string[]) =>
  Supervised.start(t, { prepare: async () => ({ command: [process.execPath, '--watch', ...args] }) })

/** The watcher passes it on. */
const stop = (supervised: Supervised) => supervised.child.kill('SIGTERM')

t.test('node --watch, without the launcher', async (t) => {
  const supervised = await start(t, 'server.js')
  const message = /cannot reload in watch mode, whose watcher would lose the server; save a file/
  await refusesAndStops(t, supervised, { message, stop })
})

for (const args of [['server.js'], ['node_modules/.bin/fastify-graceful-reload', 'server.js']]) {
  t.test(`node --watch ${args.join(' ')}, when a file is saved`, async (t) => {
    const supervised = await start(t, ...args)
    const first = supervised.current
    await writeFile(supervised.release.path('server.js'), `${await supervised.release.read('server.js')}\n`)
    await supervised.event((line) => line.graceful === 'closed' && line.pid === first)
    await supervised.event((line) => line.fixture === 'started' && line.pid !== first)
    stop(supervised)
    await supervised.untilGone()
  })
}

t.test('node --watch, with the launcher', async (t) => {
  const supervised = await start(t, 'node_modules/.bin/fastify-graceful-reload', 'server.js')
  const launcher = supervised.parentOf(supervised.current)
  await reloadsAndStops(t, supervised, { reload: () => supervised.signal('SIGHUP', launcher), stop })
})

import t, { type Test } from 'tap'
import { type Mode, noPm2, pm2, pm2Start } from '../../support/pm2.js'
import { Supervised } from '../../support/supervised.js'
import { refusesAndStops, reloadsAndStops } from '../../support/supervisor-story.js'

t.jobs = 2

const start = (t: Test, mode: Mode) =>
  Supervised.start(t, { prepare: (release, folder) => pm2Start(release, folder, mode), end: endDaemon })

/** The app alone, and then the daemon. */
async function stop(supervised: Supervised): Promise<void> {
  await pm2(supervised, 'stop', 'web')
  await endDaemon(supervised)
}

async function endDaemon(supervised: Supervised): Promise<void> {
  if (supervised.child.exitCode !== null || supervised.child.signalCode !== null) return
  await pm2(supervised, 'kill')
  supervised.child.kill() // tail
  await supervised.exit
}

t.test('pm2 in fork mode, without the launcher', { skip: noPm2 }, async (t) => {
  const supervised = await start(t, 'fork')
  const message = /cannot reload under pm2, .* script "node_modules\/\.bin\/fastify-graceful-reload", args: the path/
  await refusesAndStops(t, supervised, { message, stop })
})

t.test('pm2 in cluster mode', { skip: noPm2 }, async (t) => {
  const supervised = await start(t, 'cluster')
  const message =
    /cannot reload in a worker of pm2's cluster mode; .* fork mode: script "node_modules\/\.bin\/fastify-g/
  await refusesAndStops(t, supervised, { message, stop })
})

t.test('pm2 in fork mode, with the launcher', { skip: noPm2 }, async (t) => {
  const supervised = await start(t, 'launcher')
  const reload = () => pm2(supervised, 'sendSignal', 'SIGHUP', 'web')
  await reloadsAndStops(t, supervised, { reload, stop })
})

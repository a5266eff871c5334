import t, { type Test } from 'tap'
import type { Starter } from '../../support/deploy.js'
import { Supervised } from '../../support/supervised.js'
import { refusesAndStops, reloadsAndStops } from '../../support/supervisor-story.js'
import { noSupervisord, supervisorctl, supervisord } from '../../support/supervisord.js'

t.jobs = 2

const start = (t: Test, starter: Starter) =>
  Supervised.start(t, {
    prepare: async (release, folder) => ({ command: await supervisord(release, folder, starter) }),
    end: endDaemon
  })

/** The program alone, and then the daemon. */
async function stop(supervised: Supervised): Promise<void> {
  await supervisorctl(supervised, 'stop', 'web')
  await endDaemon(supervised)
}

async function endDaemon(supervised: Supervised): Promise<void> {
  if (supervised.child.exitCode !== null) return
  await supervisorctl(supervised, 'shutdown')
  await supervised.exit
}

t.test('supervisord, without the launcher', { skip: noSupervisord }, async (t) => {
  const supervised = await start(t, 'node')
  const message =
    /cannot reload under supervisord, .*; start it with: node_modules\/.bin\/fastify-graceful-reload server.js$/
  await refusesAndStops(t, supervised, { message, stop })
})

t.test('supervisord, with the launcher', { skip: noSupervisord }, async (t) => {
  const supervised = await start(t, 'launcher')
  // The status has no pid for the first second, in which supervisord waits for the program to crash.
  const pid = await supervisorctl(supervised, 'pid', 'web')
  t.equal(Number(pid), supervised.parentOf(supervised.current))
  await reloadsAndStops(t, supervised, { reload: () => supervisorctl(supervised, 'signal', 'HUP', 'web'), stop })
})

import t, { type Test } from 'tap'
import type { Starter } from '../../support/deploy.js'
import { AS_PID_1, noNamespace } from '../../support/namespace.js'
import { noNpm, npmStart } from '../../support/npm.js'
import { Supervised } from '../../support/supervised.js'
import { refusesAndStops, reloadsAndStops, stopsGracefully } from '../../support/supervisor-story.js'

t.jobs = 2

const start = (t: Test, starter: Starter, before: readonly string[] = []) =>
  Supervised.start(t, {
    prepare: async (release) => ({ command: [...before, ...(await npmStart(release, starter))] }),
    end: async (supervised) => before.length > 0 && supervised.child.kill('SIGKILL')
  })

/** npm passes SIGTERM on to the program that its script has become by `exec`. */
const stopPid1 = (supervised: Supervised) => supervised.signal('SIGTERM', 1)

t.test('npm start in a container, without the launcher', { skip: noNamespace || noNpm }, async (t) => {
  const supervised = await start(t, 'node', AS_PID_1)
  const message =
    /cannot reload below npm as PID 1, .*fastify-graceful-reload server.js, .* "exec fastify-graceful-reload server.js"$/
  await refusesAndStops(t, supervised, { message, stop: stopPid1 })
})

t.test('npm start in a container, with the launcher', { skip: noNamespace || noNpm }, async (t) => {
  const supervised = await start(t, 'launcher', AS_PID_1)
  const launcher = supervised.parentOf(supervised.current)
  await reloadsAndStops(t, supervised, { reload: () => supervised.signal('SIGHUP', launcher), stop: stopPid1 })
})

t.test('npm start in a plain shell, without the launcher: npm ends, the server goes on', { skip: noNpm }, async (t) => {
  const supervised = await start(t, 'node')
  supervised.signal('SIGHUP')
  const warning = await supervised.event((line) => line.graceful === 'warning')
  t.match(warning, { warning: /^with this reload npm ends, .* "exec fastify-graceful-reload server.js"$/ })
  const second = await supervised.serving(2)
  t.match(await supervised.waitFor(supervised.exit, 'end of npm'), { code: 0 })
  supervised.signal('SIGHUP', second)
  await supervised.serving(3)
  t.equal(supervised.output.all('warning').length, 1, 'once')
  await stopsGracefully(t, supervised, () => supervised.signal('SIGTERM'))
})

t.test('npm start in a plain shell, with the launcher', { skip: noNpm }, async (t) => {
  const supervised = await start(t, 'launcher')
  const launcher = supervised.parentOf(supervised.current)
  await reloadsAndStops(t, supervised, {
    reload: () => supervised.signal('SIGHUP', launcher),
    stop: () => supervised.child.kill('SIGTERM')
  })
  await supervised.exit
})

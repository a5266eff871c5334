import t, { type Test } from 'tap'
import { fastifyStart, noFastifyCli } from '../../support/fastify-cli.js'
import { Supervised } from '../../support/supervised.js'
import { reloadsAndStops } from '../../support/supervisor-story.js'

t.jobs = 2

async function start(t: Test, ...before: string[]): Promise<Supervised> {
  const { args, env } = fastifyStart('cli-plugin.cjs')
  return Supervised.start(t, { prepare: async () => ({ command: [...before, ...args], env }) })
}

// Without the plugin, its close-with-grace also closes the app on SIGHUP, and cuts a stop short.
t.test('fastify start, without the launcher', { skip: noFastifyCli }, async (t) => {
  const supervised = await start(t, process.execPath)
  const reload = () => supervised.signal('SIGHUP')
  await reloadsAndStops(t, supervised, { reload, reloads: 2, stop: () => supervised.signal('SIGTERM') })
})

t.test('fastify start, with the launcher', { skip: noFastifyCli }, async (t) => {
  const supervised = await start(t, 'node_modules/.bin/fastify-graceful-reload')
  await reloadsAndStops(t, supervised, {
    reload: () => supervised.child.kill('SIGHUP'),
    stop: () => supervised.child.kill('SIGTERM')
  })
  t.match(await supervised.exit, { code: 0 })
})

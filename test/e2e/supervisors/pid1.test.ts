import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { containerCommand, type Starter } from '../../support/deploy.js'
import { AS_PID_1, noNamespace } from '../../support/namespace.js'
import { missing } from '../../support/programs.js'
import { Supervised } from '../../support/supervised.js'
import { refusesAndStops, reloadsAndStops } from '../../support/supervisor-story.js'

t.jobs = 2

/** What a container runs as PID 1, by the name of its first program. */
const CONTAINERS: Record<string, { skip?: string | false; command(starter: Starter): Promise<string[]> }> = {
  itself: { command: (starter) => containerCommand('Dockerfile', starter) },
  tini: { skip: missing('tini'), command: (starter) => containerCommand('Dockerfile.tini', starter) },
  'dumb-init': {
    skip: missing('dumb-init'),
    // By default it tells the whole group of processes, so that each server would ask for one more reload.
    command: async (starter) => ['dumb-init', '--single-child', ...(await containerCommand('Dockerfile', starter))]
  },
  // A shell that is PID 1 passes no signal on, so that nothing but the limit of `docker stop` would end it.
  sh: {
    command: async (starter) => ['sh', '-c', `${(await containerCommand('Dockerfile', starter)).join(' ')}; exit $?`]
  }
}

async function start(t: Test, name: string, starter: Starter): Promise<Supervised> {
  const command = await CONTAINERS[name]?.command(starter)
  const prepare = async () => ({ command: [...(AS_PID_1 ?? []), ...(command ?? [])] })
  return Supervised.start(t, { prepare, end: async (supervised) => supervised.child.kill('SIGKILL') })
}

const stopPid1 = (supervised: Supervised) => supervised.signal('SIGTERM', 1)
const stopServer = (supervised: Supervised) => supervised.signal('SIGTERM')

for (const [name, { skip = false }] of Object.entries(CONTAINERS)) {
  t.test(`PID 1 is ${name}, without the launcher`, { skip: noNamespace || skip }, async (t) => {
    const supervised = await start(t, name, 'node')
    const place = name === 'itself' ? 'as PID 1' : `below ${name} as PID 1`
    const message = new RegExp(
      `cannot reload ${place}, .*; start it with: node_modules/.bin/fastify-graceful-reload server.js$`
    )
    await refusesAndStops(t, supervised, { message, stop: name === 'sh' ? stopServer : stopPid1 })
  })
}

for (const [name, { skip = false }] of Object.entries(CONTAINERS)) {
  const above = name === 'sh' ? 2 : 1
  t.test(`PID 1 is ${name}, with the launcher`, { skip: noNamespace || skip }, async (t) => {
    const supervised = await start(t, name, 'launcher')
    const reload = () => supervised.signal('SIGHUP', above)
    const stop = () => supervised.signal('SIGTERM', above)
    await reloadsAndStops(t, supervised, { reload, stop, reloads: name === 'itself' ? 2 : 1 })
  })
}

t.test('a launcher as PID 1 survives a crash and leaves no zombies', { skip: noNamespace }, async (t) => {
  const supervised = await start(t, 'itself', 'launcher')
  supervised.signal('SIGHUP', 1)
  await supervised.event('reload-succeeded')
  const crashed = await supervised.serving(2)
  supervised.signal('SIGKILL', crashed)
  await supervised.until('end of the server', () => !supervised.exists(crashed))
  const connection = await HttpConnection.open(supervised.target)
  const { status, body } = await connection.request({ path: '/' })
  t.equal(status, 200)
  t.not(JSON.parse(body).pid, crashed)
  await supervised.until('end of all but unshare, the launcher and its server', () => supervised.alive().length === 3)
  await supervised.until('end of all zombies', () => supervised.zombies().length === 0)
  supervised.signal('SIGTERM', 1)
  t.match(await supervised.exit, { code: 0 })
  await supervised.untilGone()
})

import t, { type Test } from 'tap'
import { Supervised } from '../../support/supervised.js'
import { reloadsAndStops, stopsGracefully } from '../../support/supervisor-story.js'

t.jobs = 2

const NODE = `${process.execPath} server.js`
const LAUNCHER = 'node_modules/.bin/fastify-graceful-reload server.js'

const start = (t: Test, ...command: string[]) => Supervised.start(t, { prepare: async () => ({ command }) })

for (const [what, script] of [
  ['a shell that waits', `${NODE}; exit $?`],
  ['a shell that becomes the server', `exec ${NODE}`],
  ['the background of a shell', `${NODE} & wait`]
] as const) {
  t.test(`${what}, without the launcher`, async (t) => {
    const supervised = await start(t, 'sh', '-c', script)
    const reload = () => supervised.signal('SIGHUP')
    await reloadsAndStops(t, supervised, { reload, stop: () => supervised.signal('SIGTERM') })
    t.strictSame(supervised.output.all('warning'), [])
  })
}

t.test('a shell, with the launcher, which stays in the foreground', async (t) => {
  const supervised = await start(t, 'sh', '-c', `${LAUNCHER}; echo '{"fixture":"prompt","pid":0,"code":'$?'}'`)
  const launcher = supervised.parentOf(supervised.current)
  await reloadsAndStops(t, supervised, {
    reload: () => supervised.signal('SIGHUP', launcher),
    stop: () => supervised.signal('SIGTERM', launcher)
  })
  t.match(await supervised.event('prompt'), { code: 0 }, 'the prompt is back when the server has stopped')
})

t.test('a group of processes that is told to stop, as ^C tells it', async (t) => {
  const supervised = await start(t, 'setsid', '--wait', ...LAUNCHER.split(' '))
  const launcher = supervised.parentOf(supervised.current)
  await stopsGracefully(t, supervised, () => process.kill(-launcher, 'SIGINT'))
})

// The files of example/deploy as they are, with the app beside them, started from another folder than that of the app.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { pm2Command } from '../../../bench/pm2.js'
import { containerCommand, instructionsOf } from '../../support/deploy.js'
import { AS_PID_1, noMountNamespace, noNamespace } from '../../support/namespace.js'
import { missing } from '../../support/programs.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { Shipped } from '../../support/shipped.js'

t.jobs = 2

/** What the user does. */
interface Orders {
  reload(): unknown
  stop(): unknown
}

/** Serves, reloads and stops, by what the documentation says. */
async function serveReloadStop(t: Test, shipped: Shipped, { reload, stop }: Orders): Promise<void> {
  const before = await shipped.ask()
  t.match(before, { hello: 'world', generation: 1 })
  await reload()
  await shipped.serving(2)
  const after = await shipped.ask()
  t.match(after, { hello: 'world', generation: 2 })
  t.not(after.pid, before.pid)
  await shipped.output.event('reload-succeeded')
  await stop()
  await shipped.gone()
  t.strictSame(shipped.output.all('warning'), [])
  t.strictSame(shipped.output.all('forced'), [])
}

/** In a folder, as after a WORKDIR or a cd. */
const inside = (folder: string, command: string[]) => ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command]

t.test('supervisord.conf', { skip: missing('supervisord') || noMountNamespace }, async (t) => {
  // The files that it keeps in /run are this test's own; and what /dev/fd/1 stands for can only be opened if it is a
  // pipe.
  const script = 'mount -t tmpfs none /run && supervisord --configuration "$0" | cat'
  const shipped = await Shipped.start(t, (folder) => [
    ...['unshare', '--mount', 'sh', '-c', script],
    join(folder, 'supervisord.conf')
  ])
  const supervisorctl = (...args: string[]) => {
    const command = ['supervisorctl', '--configuration', join(shipped.folder, 'supervisord.conf'), ...args]
    return shipped.order('nsenter', '--mount', '--target', String(shipped.child.pid), ...command)
  }
  await serveReloadStop(t, shipped, {
    reload: () => supervisorctl('signal', 'HUP', 'web'),
    stop: async () => {
      await supervisorctl('stop', 'web')
      await supervisorctl('shutdown')
    }
  })
})

const PM2 = pm2Command(PACKAGE_ROOT)

t.test('ecosystem.config.cjs', { skip: PM2 === undefined && 'npm cannot install pm2 here' }, async (t) => {
  const node = process.execPath
  const script = 'PM2_HOME=$HOME/pm2 "$@" start "$0" && exec tail -q -n +1 -F $HOME/pm2/logs/*.log 2>/dev/null'
  const env = { PM2_DISABLE_VERSION_CHECK: 'true', PM2_DISCRETE_MODE: 'true' }
  const shipped = await Shipped.start(
    t,
    (folder) => ['sh', '-c', script, join(folder, 'ecosystem.config.cjs'), node, PM2 ?? ''],
    { env }
  )
  const pm2 = (...args: string[]) =>
    shipped.order('env', `PM2_HOME=${join(shipped.folder, '../pm2')}`, node, PM2 ?? '', ...args)
  await serveReloadStop(t, shipped, {
    reload: () => pm2('sendSignal', 'SIGHUP', 'web'),
    stop: async () => {
      await pm2('stop', 'web')
      await pm2('kill')
      shipped.child.kill() // tail
    }
  })
})

t.test('package.json', { skip: missing('npm') }, async (t) => {
  const shipped = await Shipped.start(t, (folder) => inside(folder, ['npm', 'start', '--no-update-notifier']))
  await serveReloadStop(t, shipped, {
    reload: () => process.kill(shipped.launcher, 'SIGHUP'),
    stop: () => shipped.child.kill('SIGTERM')
  })
})

for (const [file, skip] of [
  ['Dockerfile', false],
  ['Dockerfile.tini', missing('tini')]
] as const) {
  t.test(`${file}: what the container runs`, { skip: noNamespace || skip }, async (t) => {
    const command = await containerCommand(file, 'launcher')
    const shipped = await Shipped.start(t, (folder) => inside(folder, [...(AS_PID_1 ?? []), ...command]))
    // As `docker kill` and `docker stop` do.
    await serveReloadStop(t, shipped, {
      reload: () => process.kill(shipped.below, 'SIGHUP'),
      stop: () => process.kill(shipped.below, 'SIGTERM')
    })
  })

  t.test(`${file}: how the image is made`, async (t) => {
    const folder = join(PACKAGE_ROOT, 'example/deploy')
    const instructions = instructionsOf(await readFile(join(folder, file), 'utf8'))
    const all = (name: string) => instructions.filter(([found]) => found === name).map(([, argument]) => argument)
    t.equal(instructions[0]?.[0], 'FROM')
    const { engines } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8'))
    const major = Number(/^node:(\d+)-slim$/.exec(all('FROM').join())?.[1])
    t.ok(major > Number.parseFloat(engines.node.replace('>=', '')), `node ${major}`)
    const names = readdirSync(folder)
    t.strictSame(all('COPY'), ['package*.json *.tgz ./', '. .'])
    t.ok(names.includes('package.json') && names.includes('server.js'))
    t.ok(names.includes('package-lock.json') || !all('RUN').some((line) => line.includes('npm ci')), 'nothing to lock')
    t.match(
      await readFile(join(folder, '.dockerignore'), 'utf8'),
      /^node_modules$/m,
      'COPY . . spares what was installed'
    )
    t.match(all('CMD'), ['["server.js"]'])
  })
}

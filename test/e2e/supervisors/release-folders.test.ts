// "Release folders" of docs/deploy.md: the files that it shows, with the programs that read them, and the orders that
// it gives.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { pm2Command } from '../../../bench/pm2.js'
import { freePort } from '../../support/free-port.js'
import type { Output } from '../../support/output.js'
import { missing } from '../../support/programs.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { ReleaseFolders, releaseFoldersSection } from '../../support/release-folders.js'
import { openOutput } from '../../support/service-unit.js'
import { type Answer, askShipped, Shipped } from '../../support/shipped.js'
import { NO_USER_MANAGER, UserManager } from '../../support/user-manager.js'

t.jobs = 2

/** A service whose releases are in folders. */
interface Service {
  folders: ReleaseFolders
  output: Output
  ask(): Promise<Answer>
  reload(): Promise<unknown>
  stop(): Promise<unknown>
}

type Edit = (text: string) => string
type Start = (t: Test, edit: Edit) => Promise<Service>

/** Removes the option that leads a reload to the new release: that of the plugin, or that of the launcher. */
const WITHOUT: Edit = (text) => text.replace(/, \{ directory: '[^']*' \}| --directory \S+|--directory \S+ /g, '')

/** An order as the documentation has it, word by word. */
async function documented(t: Test, order: string): Promise<string[]> {
  const section = await releaseFoldersSection()
  t.ok(section.includes(`\`${order}\``), `documented: ${order}`)
  return order.split(' ')
}

/** What runs under a user manager by a unit of the documentation. */
function bySystemd(unit: string, app: string): Start {
  return async (t, edit) => {
    const manager = await UserManager.start(t)
    const port = await freePort()
    const folders = await ReleaseFolders.make(join(manager.folder, 'app'), app, edit)
    const [output, pipe] = openOutput(t, join(manager.folder, 'output'))
    await manager.write({
      'server.service': edit(await folders.read(unit)),
      'server.service.d/override.conf': `[Service]\nEnvironment=PORT=${port} HOST=127.0.0.1\nStandardOutput=append:${pipe}\nStandardError=append:${pipe}`
    })
    await manager.succeed('start', 'server')
    const [, ...reload] = await documented(t, 'systemctl reload server')
    return {
      folders,
      output,
      ask: () => askShipped(port),
      reload: () => manager.succeed(...reload),
      stop: () => manager.succeed('stop', 'server')
    }
  }
}

async function start(
  t: Test,
  edit: Edit,
  commandOf: (folders: ReleaseFolders) => Promise<string[]>,
  settings: { env?: NodeJS.ProcessEnv; outputOf?(folder: string): Output } = {}
) {
  let folders: ReleaseFolders | undefined
  let command: string[] = []
  const install = async (home: string) => {
    folders = await ReleaseFolders.make(join(home, 'app'), 'deploy/server.js', edit)
    command = await commandOf(folders)
    return folders.folder
  }
  const shipped = await Shipped.start(t, () => command, { ...settings, install })
  return { shipped, folders: folders as unknown as ReleaseFolders, output: shipped.output, ask: () => shipped.ask() }
}

const supervisord: Start = async (t, edit) => {
  const service = await start(t, edit, async (folders) => {
    const [others] = (await readFile(join(PACKAGE_ROOT, 'example/deploy/supervisord.conf'), 'utf8')).split('[program:')
    const around = (others as string).replaceAll('/run/', `${folders.folder}/`)
    const file = await folders.write('supervisord.conf', (program) => around + edit(program))
    // What /dev/fd/1 stands for can only be opened if it is a pipe, as in a container; Node's are sockets.
    return ['sh', '-c', 'supervisord --configuration "$0" | cat', file]
  })
  const supervisorctl = (...args: string[]) =>
    service.shipped.order('supervisorctl', '--configuration', service.folders.path('supervisord.conf'), ...args)
  const [, ...reload] = await documented(t, 'supervisorctl signal HUP web')
  return {
    ...service,
    reload: () => supervisorctl(...reload),
    stop: async () => {
      await supervisorctl('stop', 'web')
      await supervisorctl('shutdown')
      await service.shipped.gone()
    }
  }
}

const PM2 = pm2Command(PACKAGE_ROOT)

const pm2: Start = async (t, edit) => {
  const script = 'PM2_HOME=$HOME/pm2 "$@" start "$0" && exec tail -q -n +1 -F $HOME/pm2/logs/*.log 2>/dev/null'
  const env = { PM2_DISABLE_VERSION_CHECK: 'true', PM2_DISCRETE_MODE: 'true' }
  const commandOf = async (folders: ReleaseFolders) => {
    const file = await folders.write('ecosystem.config.cjs', edit)
    return ['sh', '-c', script, file, process.execPath, PM2 ?? '']
  }
  const service = await start(t, edit, commandOf, { env })
  const order = (...args: string[]) =>
    service.shipped.order('env', `PM2_HOME=${service.folders.path('../pm2')}`, process.execPath, PM2 ?? '', ...args)
  const [, ...reload] = await documented(t, 'pm2 sendSignal SIGHUP web')
  return {
    ...service,
    reload: () => order(...reload),
    stop: async () => {
      await order('stop', 'web')
      await order('kill')
      service.shipped.child.kill() // tail
      await service.shipped.gone()
    }
  }
}

/** With the plugin alone, or the launcher in place of Node. */
function shell(node: string): Start {
  return async (t, edit) => {
    const outputOf = (folder: string) => openOutput(t, join(folder, 'log'))[0]
    const commandOf = async (folders: ReleaseFolders) => {
      const file = await folders.write('start.sh', (text) => text.replace('&& node ', `&& ${node} `))
      return ['sh', file]
    }
    const service = await start(t, edit, commandOf, { outputOf })
    const bin = '/srv/app/current/node_modules/.bin/fastify-graceful-reload'
    const order = async (verb: string) => {
      const words = await documented(t, `${bin} ${verb} --control /srv/app/control.sock`)
      const [file = '', ...args] = words.map((word) => word.replace('/srv/app', service.folders.folder))
      return service.shipped.order(file, ...args)
    }
    return {
      ...service,
      reload: async () => t.match(await order('reload'), /^release +\S+ in \S+\/releases\/\d, version \d\.0\.0$/m),
      stop: async () => {
        const [, server, launcher] = /^launcher +pid (\d+)|^pid +(\d+)/m.exec(await order('status')) ?? []
        process.kill(Number(server ?? launcher), 'SIGTERM')
        await service.shipped.gone()
      }
    }
  }
}

/** The log line of the reload that has led to a generation. */
const success = ({ output }: Service, generation: number) =>
  output.event(({ graceful, result }) => {
    return graceful === 'reload-succeeded' && (result as { generation: number }).generation === generation
  })

const LAUNCHER = 'node_modules/.bin/fastify-graceful-reload'

/** The program that starts the server, and whether it needs an option that names the link. */
const STARTERS: Array<[who: string, start: Start, mustBeTold: boolean, skip: string | false]> = [
  ['systemd', bySystemd('server.service', 'releases/server.js'), true, NO_USER_MANAGER],
  ['systemd, with the launcher', bySystemd('launcher.service', 'deploy/server.js'), true, NO_USER_MANAGER],
  ['supervisord, with the launcher', supervisord, true, missing('supervisord')],
  ['pm2, with the launcher', pm2, false, PM2 === undefined && 'npm cannot install pm2 here'],
  ['a shell', shell('node'), false, false],
  ['a shell, with the launcher', shell(LAUNCHER), false, false]
]

for (const [who, start, mustBeTold, skip] of STARTERS) {
  t.test(`${who}: a reload serves the release to which the link points then`, { skip }, async (t) => {
    const service = await start(t, (text) => text)
    t.match(await service.ask(), { hello: 'release 1', generation: 1 })
    for (const release of [2, 3]) {
      await service.folders.switchTo(release)
      await service.reload()
      t.match(await success(service, release), {
        result: { release: { version: `${release}.0.0` }, unchanged: false },
        msg: new RegExp(`version ${release}\\.0\\.0 in \\S+/releases/${release}$`)
      })
      t.match(await service.ask(), { hello: `release ${release}`, generation: release })
      // The next reload must go without what this one has left.
      await service.folders.remove(release - 1)
    }
    await service.stop()
    t.strictSame(service.output.all('warning'), [])
  })

  if (!mustBeTold) continue
  t.test(`${who}, without the option: the same release again, and the log says so`, { skip }, async (t) => {
    const service = await start(t, WITHOUT)
    await service.folders.switchTo(2)
    await service.reload()
    t.match(await success(service, 2), {
      result: { release: { version: '1.0.0' }, unchanged: true },
      msg: /version 1\.0\.0 in \S+\/releases\/1, same folder and version$/
    })
    t.match(await service.ask(), { hello: 'release 1', generation: 2 })
    const warning = /current leads elsewhere, but the reload loaded .* again; name the link .* directory.* --directory/
    t.match(service.output.all('warning'), [{ warning }])
    await service.stop()
  })
}

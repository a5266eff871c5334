// "The environment" of docs/deploy.md under systemd itself: which files a reload reads again, and which only a restart
// does.
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../../support/free-port.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { ReleaseFolders, releaseFoldersSection } from '../../support/release-folders.js'
import { askShipped } from '../../support/shipped.js'
import { NO_USER_MANAGER, UserManager } from '../../support/user-manager.js'

t.jobs = 2

const VALUES = ['OF_SYSTEMD', 'OF_NODE', 'OF_DOTENV', 'OF_OPTIONS', 'OF_BOTH'] as const

/** The app answers with what it finds in its environment. */
const TELL = (text: string) => text.replace("hello: 'world'", `...process.env, hello: 'world'`)

const WAYS = [
  ['server.service', 'releases/server.js', 'node server.js', 'node --env-file=/srv/app/env server.js'],
  ['launcher.service', 'deploy/server.js', ' server.js', ' --env-file=/srv/app/env server.js']
] as const

for (const [unit, app, command, reading] of WAYS) {
  const skip = NO_USER_MANAGER
  t.test(`${unit}: a reload reads what Node reads, a restart what systemd reads`, { skip }, async (t) => {
    t.match(await releaseFoldersSection(), reading.slice(reading.indexOf(' --')), 'as documented')
    const manager = await UserManager.start(t)
    const port = await freePort()
    const folders = await ReleaseFolders.make(join(manager.folder, 'app'), app, TELL)
    await symlink(join(PACKAGE_ROOT, 'node_modules/dotenv'), folders.path('current/node_modules/dotenv'))
    const write = async (value: string) => {
      await writeFile(folders.path('systemd.env'), `OF_SYSTEMD=${value}\nOF_BOTH=${value}\n`)
      await writeFile(folders.path('env'), `OF_NODE=${value}\nOF_BOTH=${value} of the file\n`)
      await writeFile(folders.path('dotenv.env'), `OF_DOTENV=${value}\nOF_BOTH=${value} of dotenv\n`)
      await writeFile(folders.path('options.cjs'), `process.env.OF_OPTIONS = '${value}'`)
    }
    const log = folders.path('log')
    const ways = ['-r dotenv/config', reading.slice(reading.indexOf('--')).replace('/srv/app', folders.folder)]
    await manager.write({
      'server.service': (await folders.read(unit)).replace(command, command.replace('server.js', ways.join(' '))),
      'server.service.d/override.conf': [
        '[Service]',
        `Environment=PORT=${port} HOST=127.0.0.1`,
        `Environment=DOTENV_CONFIG_PATH=${folders.path('dotenv.env')}`,
        `Environment=NODE_OPTIONS=--require=${folders.path('options.cjs')}`,
        `EnvironmentFile=${folders.path('systemd.env')}`,
        `StandardOutput=append:${log}`,
        `StandardError=append:${log}`
      ].join('\n')
    })
    const found = async () => {
      const answer = Object(await askShipped(port))
      return VALUES.map((name) => answer[name])
    }
    await write('one')
    await manager.succeed('start', 'server')
    t.strictSame(await found(), ['one', 'one', 'one', 'one', 'one'])
    await write('two')
    await manager.succeed('reload', 'server')
    t.strictSame(await found(), ['one', 'two', 'two', 'two', 'one'])
    await manager.succeed('restart', 'server')
    t.strictSame(await found(), ['two', 'two', 'two', 'two', 'two'])
    await manager.succeed('stop', 'server')
  })
}

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { missingCommand, order } from '../../support/programs.js'
import { Supervised } from '../../support/supervised.js'
import { reloadsAndStops } from '../../support/supervisor-story.js'

const skip = missingCommand('s6-supervise')

/** The app says that it is ready as s6 wants it, and does not know whether it is the first generation that does. */
const SERVER = `
const fs = require('node:fs')
const { start } = require('./app.cjs')
start({ Fastify: require('fastify'), graceful: require('fastify-graceful-reload') }).then(() => {
  fs.writeSync(3, '\\n')
  fs.closeSync(3)
})
`

const RUN = '#!/bin/sh\nexec node_modules/.bin/fastify-graceful-reload server.js\n'

t.test('s6, with the launcher and readiness by notification-fd', { skip }, async (t) => {
  let service = ''
  const tell = ({ env }: Supervised, ...args: string[]) => order(env, 's6-svc', ...args, service)
  const stop = async (supervised: Supervised) => {
    if (supervised.child.exitCode !== null) return
    await tell(supervised, '-xd')
    await supervised.exit
  }
  const supervised = await Supervised.start(t, {
    prepare: async (release, folder) => {
      service = join(folder, 'service')
      await mkdir(service)
      await release.write('server.js', SERVER)
      await writeFile(join(service, 'run'), RUN.replace('exec', `cd '${release.folder}' && exec`))
      await chmod(join(service, 'run'), 0o755)
      await writeFile(join(service, 'notification-fd'), '3\n')
      return { command: ['s6-supervise', service] }
    },
    end: stop
  })
  await order(supervised.env, 's6-svwait', '-U', '-t', '30000', service)
  const launcher = supervised.parentOf(supervised.current)
  const status = () => order(supervised.env, 's6-svstat', '-o', 'pid,up,ready', service)
  t.equal(await status(), `${launcher} true true\n`)
  // Also one that is started after a crash says so once more.
  const crashed = supervised.current
  supervised.signal('SIGKILL')
  await supervised.until('server after the crash', () => supervised.current !== crashed)
  t.equal(await status(), `${launcher} true true\n`)
  await reloadsAndStops(t, supervised, { reloads: 2, reload: (one) => tell(one, '-h'), stop })
})

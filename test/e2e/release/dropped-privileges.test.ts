import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { statusAt } from '../../support/control-requests.js'
import type { TestServer } from '../../support/server.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { NO_OTHER_USER, STRANGER, STRANGERS_GROUP } from '../../support/users.js'

const skip = NO_OTHER_USER

/** Gives up what root may do as soon as the server serves. */
const DROP = `
require('node:diagnostics_channel').subscribe('fastify-graceful-reload:serving', () => {
  if (process.getuid() !== 0) return
  process.setgroups([])
  process.setgid(${STRANGERS_GROUP})
  process.setuid(${STRANGER})
})
`

/**
 * Starts a server that begins as root and becomes another user, with a pid file and a control socket in a folder of
 * root.
 */
async function start(t: Test, place: string, settings: { launcher?: string[]; pidFile?: string }): Promise<TestServer> {
  const { launcher, pidFile } = settings
  const options = { control: join(place, 'control.sock'), probation: 100, compileCache: false as const }
  return startServer(t, {
    ...(launcher && { launcher }),
    config: { options: { ...options, ...(pidFile !== undefined && { pidFile }) } },
    prepare: async (release, folder) => {
      // The next generation is the other user from its start.
      chmodSync(folder, 0o755)
      chmodSync(join(folder, 'control.sock'), 0o777)
      await release.write('server.cjs', DROP + (await release.read('server.cjs')))
      return undefined
    }
  })
}

async function rootsFolder(t: Test): Promise<string> {
  const folder = join(await tempFolder(t), 'run')
  mkdirSync(folder, { mode: 0o755 })
  chmodSync(dirname(folder), 0o755)
  return folder
}

t.test('a reload goes on with the control socket that root has opened', { skip }, async (t) => {
  const folder = await rootsFolder(t)
  const server = await start(t, folder, {})
  for (const generation of [2, 3]) {
    await server.reload()
    t.match(await statusAt(join(folder, 'control.sock')), { generation, pid: server.current })
  }
})

t.test('under a launcher that is root still, nor does a pid file need to be written', { skip }, async (t) => {
  const folder = await rootsFolder(t)
  const pidFile = join(folder, 'app.pid')
  const server = await start(t, folder, { launcher: [], pidFile })
  await server.reload()
  await server.reload()
  t.equal(readFileSync(pidFile, 'utf8'), `${server.launcher}\n`)
  t.equal(await server.stop(), 0)
  t.notOk(existsSync(pidFile))
})

t.test('a pid file that the next generation would have to write and cannot fails the reload', { skip }, async (t) => {
  const folder = await rootsFolder(t)
  const server = await start(t, folder, { pidFile: join(folder, 'app.pid') })
  server.signal('SIGHUP')
  const { err } = await server.event('reload-failed')
  t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED' })
})

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { isStale } from '../../../lib/sockets/stale-socket.js'
import { bare, ownEnvironment } from '../../support/bare.js'
import { PERMISSION_MODEL } from '../../support/permission.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Asks in a process that may start other ones, but no thread. */
async function isStaleWithoutThreads(path: string): Promise<boolean> {
  const file = require.resolve('../../../lib/sockets/stale-socket.js')
  const code = `process.stdout.write(String(require(${JSON.stringify(file)}).isStale(process.argv[1])))`
  const options = [...PERMISSION_MODEL, '--allow-child-process', '--allow-fs-write=*']
  const command = bare(ownEnvironment(), process.execPath, [...options, '-e', code, path])
  return (await promisify(execFile)(...command)).stdout === 'true'
}

t.test('a stale socket is told apart from a served one, and from a file that is no socket', async (t) => {
  const folder = await tempFolder(t)
  const path = (name: string) => join(folder, name)
  writeFileSync(path('file'), '')
  const server = createServer().listen(path('bound'))
  await once(server, 'listening')
  // Node removes the name that was bound, and no other one.
  linkSync(path('bound'), path('left'))
  for (const name of ['none', 'file', 'left']) t.equal(isStale(path(name)), false, name)
  t.equal(await isStaleWithoutThreads(path('left')), false)

  server.close()
  await once(server, 'close')
  t.equal(isStale(path('left')), true)
  t.equal(await isStaleWithoutThreads(path('left')), true)
})

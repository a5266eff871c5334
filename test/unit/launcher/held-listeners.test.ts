import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type HeldListener, HeldListeners } from '../../../lib/launcher/held-listeners.js'
import { tempFolder } from '../../support/temp-folder.js'

/** A launcher learns about a unix socket, and later ends. Returns whether the file is still there. */
function survives(path: string, file: string | undefined): boolean {
  const handle = { close: () => {} } as HeldListener['handle']
  const held = new HeldListeners([])
  held.hold({ key: path, address: { path }, handle, ticketKeys: undefined, file })
  held.dispose()
  return existsSync(path)
}

t.test('the file of a unix socket is removed in the end, but not one that somebody has put in its place', async (t) => {
  const path = join(await tempFolder(t), 'socket')
  writeFileSync(path, '')
  const { dev, ino } = statSync(path)
  t.equal(survives(path, `${dev}:${ino + 1}`), true, 'that of the server was another one')
  t.equal(survives(path, `${dev}:${ino}`), false)
  writeFileSync(path, '')
  t.equal(survives(path, undefined), false, 'a server of an earlier release does not tell')
})

import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RequestRegister } from '../../../lib/connections/request-register.js'
import { tempFolder } from '../../support/temp-folder.js'

t.test('what one process has noted, the other one reads', async (t) => {
  const parents = RequestRegister.create()
  t.equal(statSync(parents.path).mode & 0o777, 0o600)
  const childs = RequestRegister.open(parents.path)
  t.equal(existsSync(parents.path), false, 'it has no name any more')
  childs.note(3, 'in progress')
  childs.note(70_000, 'in progress')
  childs.note(5, 'in progress')
  childs.note(5, 'answered')
  const notedOf = parents.read(100_000)
  t.strictSame([0, 1, 3, 5, 6, 70_000, 99_999].map(notedOf), [
    ...['untouched', 'untouched', 'in progress', 'answered'],
    ...['untouched', 'in progress', 'untouched']
  ])
  t.equal(parents.read(3)(5), 'in progress', 'a connection that is not known may have a request in progress')
  childs.close()
  parents.close()
})

t.test('one that no child has opened leaves no file behind', async (t) => {
  const register = RequestRegister.create()
  t.equal(existsSync(register.path), true)
  register.close()
  t.equal(existsSync(register.path), false)
})

t.test('a link that somebody has put there is not followed', async (t) => {
  const folder = await tempFolder(t)
  writeFileSync(join(folder, 'file'), 'precious')
  symlinkSync(join(folder, 'file'), join(folder, 'link'))
  t.throws(() => RequestRegister.open(join(folder, 'link')), { code: 'ELOOP' })
  t.throws(() => RequestRegister.open(join(folder, 'nothing')), { code: 'ENOENT' })
})

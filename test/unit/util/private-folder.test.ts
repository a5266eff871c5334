import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { os } from '../../../lib/util/os.js'
import { privateFolder } from '../../../lib/util/private-folder.js'

/** The user of another service. */
const OTHER = 65534

const notRoot = process.geteuid?.() !== 0 && 'only root can give a folder to another user'
const onlyRoot = process.geteuid?.() === 0 && 'root may do everything'

/** A folder of this user, with an empty place in it. */
function place(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'graceful-')))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a folder with exactly this mode, independent of the umask. */
function make(path: string, mode = 0o700, owner?: number): string {
  mkdirSync(path)
  chmodSync(path, mode)
  if (owner !== undefined) chownSync(path, owner, owner)
  return path
}

/** Refused, with the path at fault, and left as it was. */
function refuses(t: Test, path: string, message: RegExp): void {
  const before = os.stat(path)?.mode
  t.throws(() => privateFolder(path), { message })
  t.equal(os.stat(path)?.mode, before, 'nothing was made or repaired')
}

t.test('a folder that is missing is made, with what leads to it, for this user alone', async (t) => {
  const above = place(t)
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const path = join(above, 'one/two/three')
  t.equal(privateFolder(path), path)
  for (const made of ['one', 'one/two', 'one/two/three']) t.equal(lstatSync(join(above, made)).mode & 0o777, 0o700)
  t.equal(privateFolder(path), path, 'and is taken the next time')
  t.equal(privateFolder(`${path}/../three/./`), path)
  t.equal(privateFolder(relative(process.cwd(), path)), path)
})

t.test('a folder that other users can enter is refused', async (t) => {
  const above = place(t)
  for (const mode of [0o777, 0o1777, 0o750, 0o755, 0o710, 0o701, 0o720]) {
    const path = make(join(above, mode.toString(8)), mode)
    refuses(t, path, new RegExp(`^${path} is open to other users \\(mode ${mode.toString(8)}\\): empty it`))
  }
  t.ok(privateFolder(make(join(above, '700'), 0o700)))
})

t.test('a folder of another user is refused with any mode', { skip: notRoot }, async (t) => {
  for (const mode of [0o700, 0o777]) {
    const path = make(join(place(t), 'cache'), mode, OTHER)
    refuses(t, path, /cache belongs to user 65534, not to user 0 of this process: remove it$/)
  }
})

t.test('what is no folder is refused', async (t) => {
  const file = join(place(t), 'file')
  writeFileSync(file, '', { mode: 0o600 })
  refuses(t, file, /file is not a folder/)
  refuses(t, join(file, 'cache'), /file is not a folder/)
})

t.test('a link in place of the folder is refused, even one of this user that leads to a private folder', async (t) => {
  const above = place(t)
  make(join(above, 'real'))
  for (const [name, target] of Object.entries({ good: 'real', dangling: 'nowhere', circle: 'circle' })) {
    symlinkSync(target, join(above, name))
    refuses(t, join(above, name), new RegExp(`${name} is a symbolic link`))
  }
  t.strictSame(readdirSync(above).sort(), ['circle', 'dangling', 'good', 'real'])
  t.throws(() => privateFolder(join(above, 'circle/cache')), { message: /circle is one of too many links/ })
})

t.test('a link of this user on the way is followed, and what it leads to is checked', async (t) => {
  const above = place(t)
  make(join(above, 'srv'))
  symlinkSync('./x/../srv', join(above, 'relative'))
  symlinkSync(join(above, 'srv'), join(above, 'absolute'))
  make(join(above, 'x'))
  for (const link of ['relative', 'absolute'])
    t.equal(privateFolder(join(above, link, 'cache')), join(above, 'srv/cache'), 'the path is without links')
  make(join(above, 'open'), 0o777)
  symlinkSync('open', join(above, 'out'))
  refuses(t, join(above, 'out/cache'), /open can be written to by other users \(mode 777\)/)
})

t.test('a link of another user on the way is refused', { skip: notRoot }, async (t) => {
  const above = place(t)
  make(join(above, 'srv'))
  symlinkSync('srv', join(above, 'link'))
  t.ok(privateFolder(join(above, 'link/cache')))
  lchownSync(join(above, 'link'), OTHER, OTHER)
  refuses(t, join(above, 'link/cache'), /link is a link of user 65534/)
})

t.test('a folder is refused if other users can replace it, or anything above it', async (t) => {
  const above = place(t)
  for (const mode of [0o777, 0o770, 0o702]) {
    const open = make(join(above, mode.toString(8)), mode)
    make(join(open, 'cache'))
    make(join(open, 'deeper'))
    make(join(open, 'deeper/cache'))
    for (const path of ['cache', 'deeper/cache', 'missing'])
      refuses(
        t,
        join(open, path),
        new RegExp(`^${open} can be written to by other users \\(mode ${mode.toString(8)}\\)`)
      )
  }
  t.ok(
    privateFolder(join(make(join(above, '755'), 0o755), 'cache')),
    'that they can read what is above it does no harm'
  )
})

t.test('a folder below one of another user is refused', { skip: notRoot }, async (t) => {
  const path = join(make(join(place(t), 'foreign'), 0o755, OTHER), 'cache')
  refuses(t, path, /foreign belongs to user 65534, who could replace what is in it/)
  make(path)
  refuses(t, path, /foreign belongs to user 65534/)
})

t.test('in a sticky folder, which everybody can write to, only what is of this user is taken', async (t) => {
  const sticky = make(join(place(t), 'tmp'), 0o1777)
  t.equal(privateFolder(join(sticky, 'own/cache')), join(sticky, 'own/cache'))
  t.test('and nothing of another user', { skip: notRoot }, async (t) => {
    make(join(sticky, 'foreign'), 0o755, OTHER)
    symlinkSync('own', join(sticky, 'link'))
    lchownSync(join(sticky, 'link'), OTHER, OTHER)
    refuses(t, join(sticky, 'foreign'), /foreign belongs to user 65534/)
    refuses(t, join(sticky, 'foreign/cache'), /foreign belongs to user 65534/)
    refuses(t, join(sticky, 'link/cache'), /link is a link of user 65534/)
    chownSync(sticky, OTHER, OTHER)
    refuses(t, join(sticky, 'own/cache'), /tmp belongs to user 65534/)
  })
})

t.test('a folder that cannot be made is refused', { skip: onlyRoot }, async (t) => {
  refuses(t, join(make(join(place(t), 'read-only'), 0o500), 'cache'), /cache cannot be made: EACCES/)
})

t.test('a system that does not show who owns a folder has none', async (t) => {
  const { geteuid } = process
  t.teardown(() => Object.assign(process, { geteuid }))
  Object.assign(process, { geteuid: undefined })
  refuses(t, join(place(t), 'cache'), /this system does not show/)
})

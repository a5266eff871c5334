import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PidFile } from '../../../lib/process/pid-file.js'
import { tempFolder } from '../../support/temp-folder.js'
import { asStranger, NO_OTHER_USER, STRANGER } from '../../support/users.js'

t.test('what another user has planted is not written through', { skip: NO_OTHER_USER }, async (t) => {
  const folder = await tempFolder(t)
  const [shared, victim] = [join(folder, 'shared'), join(folder, 'victim')]
  chmodSync(folder, 0o755)
  mkdirSync(shared)
  chmodSync(shared, 0o777)
  writeFileSync(victim, 'precious')
  const path = join(shared, 'app.pid')
  for (const link of [path, `${path}.${process.pid}`]) await asStranger(['ln', '-s', victim, link])
  t.equal(readdirSync(shared).length, 2)
  const file = new PidFile(path)
  file.check()
  file.write()
  t.equal(readFileSync(victim, 'utf8'), 'precious')
  t.equal(readFileSync(path, 'utf8'), `${process.pid}\n`)
  file.remove()
  t.strictSame(readdirSync(shared), [`app.pid.${process.pid}`])
})

t.test('a write that fails half-way leaves nothing behind', async (t) => {
  const folder = await tempFolder(t)
  const script = `
    const { PidFile } = require(${JSON.stringify(require.resolve('../../../lib/process/pid-file.js'))})
    const file = new PidFile(process.argv[1])
    try { file.write() } catch (error) { console.log(error.code) }`
  // A file can be made, and nothing can be written into it, as on a full disk.
  const write = (path: string) =>
    execFileSync('sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath, '-e', script, path], {
      encoding: 'utf8'
    })
  t.equal(write(join(folder, 'new.pid')), 'EFBIG\n')
  t.strictSame(readdirSync(folder), [])
  writeFileSync(join(folder, 'old.pid'), '')
  t.equal(write(join(folder, 'old.pid')), 'EFBIG\n')
  t.strictSame(readdirSync(folder), ['old.pid'])
})

t.test('nobody else can write to it, with any umask', async (t) => {
  const path = join(await tempFolder(t), 'app.pid')
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  new PidFile(path).write()
  t.equal((statSync(path).mode & 0o777).toString(8), '644')
})

t.test('a named pipe in its place holds up nothing', async (t) => {
  const path = join(await tempFolder(t), 'app.pid')
  execFileSync('mkfifo', [path])
  new PidFile(path).remove()
  t.ok(statSync(path).isFIFO())
})

t.test('a folder that is closed by now is no failure where the file is its own', { skip: NO_OTHER_USER }, async (t) => {
  const folder = await tempFolder(t)
  chmodSync(folder, 0o755)
  const [own, foreign, link] = ['own', 'foreign', 'link'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [own, foreign]) writeFileSync(path, 'an older and longer line\n')
  chownSync(own, STRANGER, STRANGER)
  symlinkSync(own, link)
  const script = `
    const { PidFile } = require(${JSON.stringify(require.resolve('../../../lib/process/pid-file.js'))})
    for (const path of process.argv.slice(1)) {
      const file = new PidFile(path)
      try { file.check(); file.write(); console.log(process.pid) } catch (error) { console.log(error.code) }
    }`
  const { stdout } = await asStranger([process.execPath, '-e', script, own, foreign, link])
  const [pid, ...errors] = stdout.trim().split('\n')
  t.equal(readFileSync(own, 'utf8'), `${pid}\n`)
  t.strictSame(errors, ['GRACEFUL_ERR_INVALID_OPTION', 'GRACEFUL_ERR_INVALID_OPTION'])
})

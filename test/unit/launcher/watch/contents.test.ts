import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Contents } from '../../../../lib/launcher/watch/contents.js'

const NOTHING = { changed: [], partial: [] }

t.test('a file has changed when it contains something else', async (t) => {
  const file = join(t.testdir({ a: 'one' }), 'a')
  const contents = new Contents()
  contents.note(file)
  utimesSync(file, 1, 1)
  t.strictSame(contents.compare([file], false), NOTHING, 'touched')
  writeFileSync(file, 'two')
  contents.note(file)
  t.strictSame(contents.compare([file], false), { changed: [file], partial: [] })
  t.strictSame(contents.compare([file], false), NOTHING, 'known from then on')
})

t.test('a file that is missing or empty now may come back', async (t) => {
  const file = join(t.testdir({ a: 'one' }), 'a')
  const contents = new Contents()
  contents.note(file)
  for (const take of [() => writeFileSync(file, ''), () => rmSync(file)]) {
    take()
    t.strictSame(contents.compare([file], false), { changed: [], partial: [file] })
    writeFileSync(file, 'one')
    t.strictSame(contents.compare([file], false), NOTHING)
  }
  rmSync(file)
  t.strictSame(contents.compare([file], true), { changed: [file], partial: [] })
  writeFileSync(file, 'one')
  t.strictSame(contents.compare([file], true), { changed: [file], partial: [] }, 'and is new when it comes then')
})

t.test('an unknown file has changed if it is there', async (t) => {
  const folder = t.testdir({ a: 'one' })
  const [there, nowhere] = [join(folder, 'a'), join(folder, 'b')]
  t.strictSame(new Contents().compare([there, nowhere, folder], false), { changed: [there], partial: [] })
})

t.test('of a large file the time and the size count', async (t) => {
  const file = join(t.testdir({ a: 'x'.repeat(2 ** 20 + 1) }), 'a')
  const contents = new Contents()
  contents.note(file)
  t.strictSame(contents.compare([file], false), NOTHING)
  utimesSync(file, 1, 1)
  t.strictSame(contents.compare([file], false), { changed: [file], partial: [] })
})

t.test('a device or a pipe is not read: that could last forever', async (t) => {
  t.strictSame(new Contents().compare(['/dev/null'], false), NOTHING)
})

import fs, { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Folders } from '../../../../lib/launcher/watch/folders.js'
import { isPlain } from '../../../../lib/launcher/watch/tree.js'
import type { Wanted } from '../../../../lib/launcher/watch/wanted.js'
import { within } from '../../../support/limit.js'

/** Folders with what they tell, relative to the folder of the test. */
class Watched {
  readonly home: string
  readonly seen: string[] = []
  readonly untold: string[] = []
  readonly #folders: Folders
  readonly #touched = new Set<string>()
  #look = () => {}

  constructor(t: Test, files: object) {
    this.home = realpathSync(t.testdir(files as never))
    const name = (path: string) => path.slice(this.home.length + 1)
    this.#folders = new Folders({
      touched: (path) => {
        this.#touched.add(name(path))
        this.#look()
      },
      seen: (path) => this.seen.push(name(path)),
      untold: ({ code }) => this.untold.push(String(code))
    })
    t.teardown(() => this.#folders.close())
  }

  path(name: string): string {
    return join(this.home, name)
  }

  follow({ files = [], trees = [] }: { files?: string[]; trees?: string[] }): void {
    const wanted: Wanted = {
      home: this.home,
      files: new Set(files.map((name) => this.path(name))),
      folders: [],
      trees: trees.map((name) => [this.path(name), isPlain])
    }
    this.#touched.clear()
    this.#folders.follow(wanted)
    for (const name of files) this.#touched.delete(name)
  }

  /** Waits until this file has been reported, and returns all files reported since the last call. */
  async touched(name: string): Promise<string[]> {
    const told = new Promise<void>((resolve) => {
      this.#look = () => this.#touched.has(name) && resolve()
      this.#look()
    })
    await within(told, `word of ${name}`, () => [...this.#touched].join())
    const all = [...this.#touched].sort()
    this.#touched.clear()
    return all
  }
}

t.test('files that are written, renamed into their place, and deleted; and no others beside them', async (t) => {
  const watched = new Watched(t, { a: '1', b: '1', c: '1' })
  watched.follow({ files: ['a', 'b'] })
  writeFileSync(watched.path('c'), '2')
  writeFileSync(watched.path('a'), '2')
  t.strictSame(await watched.touched('a'), ['a'])
  writeFileSync(watched.path('b.new'), '2')
  renameSync(watched.path('b.new'), watched.path('b'))
  t.ok((await watched.touched('b')).every((name) => name !== 'c'))
  rmSync(watched.path('b'))
  await watched.touched('b')
  writeFileSync(watched.path('b'), '3')
  await watched.touched('b')
})

t.test('a file in folders that are not there yet; that go and come again', async (t) => {
  const watched = new Watched(t, {})
  watched.follow({ files: ['x/y/a'] })
  mkdirSync(watched.path('x/y'), { recursive: true })
  writeFileSync(watched.path('x/y/a'), '1')
  await watched.touched('x/y/a')
  renameSync(watched.path('x'), watched.path('z'))
  await watched.touched('x/y/a')
  mkdirSync(watched.path('x/y'), { recursive: true })
  writeFileSync(watched.path('x/y/a'), '2')
  await watched.touched('x/y/a')
  writeFileSync(watched.path('z/y/a'), '3')
  writeFileSync(watched.path('x/y/a'), '3')
  t.strictSame(await watched.touched('x/y/a'), ['x/y/a'], 'of the old folder nothing is told')
})

t.test('a folder that is removed and made again before anybody looks, which may have its number again', async (t) => {
  const watched = new Watched(t, { x: { a: '1' } })
  watched.follow({ files: ['x/a'] })
  rmSync(watched.path('x'), { recursive: true })
  mkdirSync(watched.path('x'))
  for (const text of ['2', '3', '4']) {
    await watched.touched('x/a')
    writeFileSync(watched.path('x/a'), text)
  }
  await watched.touched('x/a')
})

t.test('a folder in whose place there is something that leads nowhere, and which comes again', async (t) => {
  const watched = new Watched(t, { x: { a: '1' } })
  watched.follow({ files: ['x/a'] })
  for (const put of [(path: string) => symlinkSync('x', path), (path: string) => writeFileSync(path, '')]) {
    rmSync(watched.path('x'), { recursive: true })
    put(watched.path('x'))
    await watched.touched('x/a') // It has gone,
    await watched.touched('x/a') // and so has its folder.
    rmSync(watched.path('x'))
    mkdirSync(watched.path('x'))
    writeFileSync(watched.path('x/a'), '2')
    await watched.touched('x/a')
  }
})

t.test('a path that cannot be had is as good as missing', async (t) => {
  const watched = new Watched(t, { a: '1' })
  symlinkSync('loop', watched.path('loop'))
  const names = ['loop/b', 'a/b', `${'long'.repeat(100)}/b`, 'null\0/b']
  watched.follow({ files: ['a', ...names], trees: ['loop', 'a'] })
  writeFileSync(watched.path('a'), '2')
  await watched.touched('a')
})

t.test('a folder with all that is below it, and what comes there', async (t) => {
  const watched = new Watched(t, { pages: { a: '1', '.b': '1', node_modules: { c: '' }, sub: { d: '1' } }, e: '' })
  watched.follow({ trees: ['pages'] })
  t.strictSame(watched.seen.sort(), ['pages/a', 'pages/sub/d'])
  writeFileSync(watched.path('pages/node_modules/c'), '2')
  writeFileSync(watched.path('pages/sub/d'), '2')
  t.strictSame(await watched.touched('pages/sub/d'), ['pages/sub/d'])
  mkdirSync(watched.path('pages/new/er'), { recursive: true })
  writeFileSync(watched.path('pages/new/er/f'), '1')
  await watched.touched('pages/new/er/f')
  watched.follow({ files: ['e'] })
  writeFileSync(watched.path('pages/a'), '2')
  writeFileSync(watched.path('e'), '2')
  t.strictSame(await watched.touched('e'), ['e'], 'which is not watched any more')
})

t.test('a file that was named, and comes with its folder', async (t) => {
  const watched = new Watched(t, { x: { a: '1' }, y: { a: '2' } })
  watched.follow({ trees: ['x/a'] })
  renameSync(watched.path('x'), watched.path('z'))
  await watched.touched('x/a')
  renameSync(watched.path('y'), watched.path('x'))
  await watched.touched('x/a')
})

t.test('a folder that comes while others begin to be watched', async (t) => {
  const watched = new Watched(t, { pages: { a: '1' }, b: '' })
  watched.follow({ trees: ['pages'] })
  mkdirSync(watched.path('pages/new/er'), { recursive: true })
  writeFileSync(watched.path('pages/new/er/c'), '1')
  watched.follow({ trees: ['pages'], files: ['b'] })
  t.ok((await watched.touched('pages/new/er/c')).includes('pages/new/er/c'))
  t.notOk(watched.seen.includes('pages/new/er/c'), 'what is new is no known file')
})

t.test('a folder that has gone before it could be watched, and is there again', async (t) => {
  const { watch } = fs
  t.teardown(() => Object.assign(fs, { watch }))
  const watched = new Watched(t, { a: '1' })
  Object.assign(fs, {
    watch: () => {
      Object.assign(fs, { watch })
      throw Object.assign(new Error('no such file or directory'), { code: 'ENOENT' })
    }
  })
  watched.follow({ files: ['a'] })
  t.strictSame(await watched.touched('a'), ['a'])
  t.strictSame(watched.untold, [])
})

import fs, { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FileWatch } from '../../../../lib/launcher/watch/file-watch.js'
import { within } from '../../../support/limit.js'

/** A watch of a folder. Reports its reloads and lines as they come. */
class Story {
  readonly folder: string
  readonly watch: FileWatch<object>
  /** Fails the next reloads. */
  error: Error | undefined
  readonly #told: string[] = []
  #read = 0
  #wake = () => {}

  constructor(t: Test, files: Record<string, string>) {
    this.folder = realpathSync(t.testdir({ 'package.json': '{}', ...files }))
    const settings = { cwd: this.folder, args: ['server.js'], paths: [] }
    this.watch = new FileWatch(settings, {
      reload: async (reason) => {
        this.#tell(`reload: ${reason}`)
        if (this.error !== undefined) throw this.error
      },
      isServing: () => true,
      say: (line) => this.#tell(line.replace(/\d+ ms/, 'N ms').replace(this.folder, '.'))
    })
    t.teardown(() => this.watch.close())
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  save(name: string, text: string): void {
    writeFileSync(this.path(name), text)
  }

  async next(): Promise<string> {
    const wait = async () => {
      while (this.#told.length <= this.#read) await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    await within(wait(), 'word of the watch', () => this.#told.join('\n'))
    return this.#told[this.#read++] as string
  }

  #tell(what: string): void {
    this.#told.push(what)
    this.#wake()
  }
}

/** The folders are opened in a separate turn of the event loop. */
const followed = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

const RELOADED = (name: string) => [`reload: ${name} changed`, `reloaded in N ms: ${name}`]

t.test('what a server has loaded, until it is one of the past', async (t) => {
  const story = new Story(t, { 'a.js': '1', 'b.js': '1' })
  const [first, second] = [{}, {}]
  story.watch.loaded(first, [story.path('a.js'), story.path('b.js'), join(story.folder, 'node_modules/c.js')])
  story.watch.serves()
  story.watch.serves()
  t.equal(await story.next(), 'watching 2 files: a change reloads')
  story.save('a.js', '2')
  t.strictSame([await story.next(), await story.next()], RELOADED('a.js'))
  story.watch.loaded(second, [story.path('b.js')])
  story.watch.over(true, [second])
  await followed()
  story.save('a.js', '3')
  story.save('b.js', '2')
  t.strictSame([await story.next(), await story.next()], RELOADED('b.js'))
})

t.test('a file that is loaded again after it changed while no server had it is no news', async (t) => {
  const story = new Story(t, { 'a.js': '1' })
  mkdirSync(story.path('lib'))
  story.save('lib/b.js', '1')
  const files = [story.path('a.js'), story.path('lib/b.js')]
  const [first, second, third] = [{}, {}, {}]
  story.watch.loaded(first, files)
  await followed()
  story.watch.loaded(second, files.slice(0, 1))
  story.watch.over(true, [second])
  await followed()
  story.save('a.js', '2')
  t.strictSame([await story.next(), await story.next()], RELOADED('a.js'), 'nor is it one that it is not loaded now')
  story.save('lib/b.js', '2')
  story.watch.loaded(third, files)
  story.watch.over(true, [third])
  await followed()
  story.save('a.js', '3')
  t.strictSame([await story.next(), await story.next()], RELOADED('a.js'))
  story.save('lib/b.js', '3')
  t.strictSame([await story.next(), await story.next()], RELOADED('lib/b.js'))
})

t.test('if Node does not tell what it loads, all sources of the package', async (t) => {
  const story = new Story(t, { 'a.js': '1', 'b.txt': '1' })
  mkdirSync(story.path('src'))
  story.watch.serves()
  t.equal(await story.next(), 'watching the files of .: a change reloads')
  await followed()
  story.save('b.txt', '2')
  story.save('src/new.ts', '1')
  t.strictSame([await story.next(), await story.next()], RELOADED('src/new.ts'))
})

t.test('after a failure all sources count, until a reload has succeeded', async (t) => {
  const story = new Story(t, { 'a.js': '1', 'b.js': '1', 'c.js': '1' })
  const server = {}
  story.watch.loaded(server, [story.path('a.js')])
  story.error = Object.assign(new Error('boom'), { stack: 'Error: boom' })
  story.save('a.js', '2')
  t.strictSame([await story.next(), await story.next()], ['reload: a.js changed', 'not reloaded: a.js'])
  t.equal(await story.next(), '  Error: boom')
  t.match(await story.next(), /keeps serving the previous code/)
  story.error = undefined
  story.watch.over(false, [server])
  await followed()
  story.save('b.js', '2')
  t.strictSame([await story.next(), await story.next()], RELOADED('b.js'))
  story.watch.over(true, [server])
  await followed()
  story.save('c.js', '2')
  story.save('a.js', '3')
  t.strictSame([await story.next(), await story.next()], RELOADED('a.js'))
})

t.test('a system that watches no more folders: they are looked at', async (t) => {
  const { watch } = fs
  t.teardown(() => Object.assign(fs, { watch }))
  Object.assign(fs, {
    watch: () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
  })
  const story = new Story(t, { 'a.js': '1' })
  story.watch.loaded({}, [story.path('a.js')])
  t.match(await story.next(), /max_user_watches.*some folders are checked once a second instead/)
  story.save('a.js', '2')
  t.strictSame([await story.next(), await story.next()], RELOADED('a.js'))
})
